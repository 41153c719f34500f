"""The README's commands, in their order and made short, end well and warn of nothing."""

import os
import pathlib
import re
import shlex
import shutil

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_breast_cancer

from aecli import cli, runs
from aecli.datasets.digits import Digits
from aecli.runs import sweeps

README = pathlib.Path(__file__).parent.parent / "README.md"
SHORT = ["dataset.limit=300", "trainer.epochs=1", "trainer.jit_compile=false"]
ELSEWHERE = {  # what a command needs that is not here
    "hydra/launcher=slurm": "a cluster",
    "hydra/launcher=ray_cluster": "a cluster",
    "trainer.strategy=": "several devices",
    "model=decorrelated": "a package of the user's",
    "model.beta=0.5,1,2,4": "an hour, for 48 trainings",
}
INSTEAD = {  # fewer runs of the same kind
    "seeds=3": "seeds=1",
    "dataset.classes=[0],[1],[2],[3],[4],[5],[6],[7],[8],[9]": "dataset.classes=[0],[1]",
    "n_trials=30": "n_trials=2",
    "n_trials=60": "n_trials=3",
}


def commands() -> list[list[str]]:
    """The words after `aecli` of each command in the README's blocks of shell."""
    blocks = re.findall(r"^```sh\n(.*?)^```", README.read_text(), re.DOTALL | re.MULTILINE)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    typed = [shlex.split(part, comments=True) for line in lines for part in line.split("&&")]
    return [words[1:] for words in typed if words[:1] == ["aecli"]]


def reason(words: list[str]) -> str:
    return next((v for k, v in ELSEWHERE.items() if any(w.startswith(k) for w in words)), "")


def shortened(words: list[str]) -> list[str]:
    words = [INSTEAD.get(word, word) for word in words]
    if "SWEEP" in str(words):
        newest = str(sweeps.find("latest").folder)
        words = [word.replace("SWEEP", newest) for word in words]
    if {"RUN", "ANOTHER"} & set(words):
        found = [str(info.folder) for info in runs.list_runs() if info.state == "done"][:2]
        words = [dict(zip(("RUN", "ANOTHER"), found, strict=True)).get(w, w) for w in words]
    goes_on = any(word.startswith(("resume=", "sweep=", "study=")) for word in words)
    if words[0] in ("train", "tune", "bench") and not goes_on and "--help" not in words:
        stated = [word.partition("=")[0] for word in words]
        words += [word for word in SHORT if word.partition("=")[0] not in stated]
    return [re.sub(r"^trainer\.epochs=(\d\d+)$", "trainer.epochs=2", word) for word in words]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A user's folder, with the data that the README speaks of."""
    monkeypatch.chdir(tmp_path)
    splits = Digits().load()
    x, labels = splits.train.x, splits.train.labels
    np.savez("images.npz", x_train=x[:400], x_test=x[400:500])
    for label in (0, 1):
        folder = pathlib.Path("photos", str(label))
        folder.mkdir(parents=True)
        for number, image in enumerate(x[labels == label]):
            pixels = Image.fromarray((image[..., 0] * 255).astype("uint8"))
            pixels.resize((40, 30)).convert("RGB").save(folder / f"{number}.png")
    shutil.copytree("photos/0", "threes")
    rows = np.random.default_rng(0).integers(0, 256, (400, 785))
    rows[:, 0] %= 10
    for name in ("mnist_train.csv", "mnist_test.csv"):
        np.savetxt(name, rows, "%d", ",")
    patients = load_breast_cancer()
    table = np.column_stack([patients.data, patients.target])
    header = ",".join([*patients.feature_names, "diagnosis"])
    np.savetxt("patients.csv", table, "%g", ",", header=header, comments="")
    return tmp_path


def carry_out(words: list[str], capsys) -> None:
    code = cli.dispatch(words)
    said = capsys.readouterr()
    text = f"aecli {shlex.join(words)}\n{said.out[-1500:]}{said.err[-3000:]}"
    assert code == 0, text
    assert "failed" not in said.err, text


def check_runs() -> None:
    """Each run is done, and was warned of nothing."""
    for info in runs.list_runs():
        status = runs.read_status(info.folder)
        assert status["state"] == "done", status
        assert status["warnings"] == [], info


@pytest.mark.slow
def test_the_first_commands_end_well(tmp_path, monkeypatch, capsys):
    """Those before the first sweep: in this process, on data that are at hand."""
    monkeypatch.chdir(tmp_path)
    typed = commands()
    first = typed[: next(n for n, words in enumerate(typed) if "-m" in words)]
    known = {"train", "eval", "plot-manifold", "runs", "list", "verify"}
    assert known == {words[0] for words in first}
    for words in first:
        carry_out(shortened(words), capsys)
    assert {info.model for info in runs.list_runs()} >= {"ae", "vae"}
    check_runs()


@pytest.mark.slow
def test_every_command_ends_well(place, capsys):
    if not os.environ.get("AECLI_DATA_DIR"):
        pytest.skip("AECLI_DATA_DIR, for MNIST, is not set")
    ran = []
    for typed in commands():
        if reason(typed):
            continue
        words = shortened(typed)
        carry_out(words, capsys)
        ran.append(words[0])
    assert {"train", "eval", "compare", "tune", "detect", "export", "report"} <= set(ran)
    check_runs()
