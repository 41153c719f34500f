"""What the pages of the documentation tell a user to type, and the folder in which it is typed."""

import dataclasses
import gzip
import os
import pathlib
import re
import shlex
import shutil

import numpy as np
from PIL import Image
from sklearn.datasets import load_breast_cancer

from aecli import cli, runs
from aecli.datasets.digits import Digits
from aecli.runs import sweeps

ROOT = pathlib.Path(__file__).parents[2]
SHORT = ["dataset.limit=300", "trainer.epochs=1", "trainer.jit_compile=false"]
ELSEWHERE = {  # what a command needs that is not here
    "hydra/launcher=slurm": "a cluster",
    "hydra/launcher=ray_cluster": "a cluster",
    "trainer.strategy=": "several devices",
    "model=decorrelated": "a package of the user's, see test_own_model",
    "model=wae_gan": "a package of the user's, see test_own_kinds",
    "model=renyi_vae": "a package of the user's, see test_own_kinds",
    "sampler=kde": "a package of the user's, see test_own_kinds",
    "mlflow": "a package that few have, see test_trackers",
    "wandb": "a package that few have, see test_trackers",
    "suite": "half an hour, see test_bench",
    "dataset=cifar10": "170 MB of files, see test_cifar10",
    "dataset=celeba": "files that nobody may pass on, see test_celeba",
}
INSTEAD = {  # fewer runs of the same kind
    "seeds=3": "seeds=1",
    "seeds=2": "seeds=1",
    "dataset.classes=[0],[1],[2],[3],[4],[5],[6],[7],[8],[9]": "dataset.classes=[0],[1]",
    "n_trials=30": "n_trials=2",
    "n_trials=60": "n_trials=3",
    "model.beta=0.5,1,2,4": "model.beta=0.5,1",
    "model.latent_dim=2,4,8,16": "model.latent_dim=2,4",
    "model=ae,vae,...": "model=ae,vae",
    "metrics.dci.predictor=boosted": "metrics.dci.predictor=histogram",  # minutes
    "dataset.every=1": "dataset.every=1009",
    "dataset.path=ROWS": "dataset.path=shuttle.csv.gz",
}
SOME_WORDS = "the a boat sailed on lake she is good student he was red big house runs"
TRAINS = ("train", "tune", "bench")
NEEDS_NO_RUN = (*TRAINS, "list", "verify", "reproduce", "study", "doctor", "inspect")


ELSEWHERE_RUN = "class Decorrelated", "a vq_vae"  # blocks that test_own_model carries out


@dataclasses.dataclass(frozen=True)
class Typed:
    """words: those after `aecli`; answer: the error that the page shows below it, or nothing."""

    words: list[str]
    answer: str = ""


def typed(page: str) -> list[Typed]:
    """The commands of aecli in a page's blocks of shell, in their order."""
    return [one for one in steps(page) if isinstance(one, Typed)]


def steps(page: str) -> list[Typed | str]:
    """What a page has to be typed or, as text, to be run by Python, in its order."""
    found: list[Typed | str] = []
    blocks = re.findall(r"^```(sh|console|python)\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    for kind, block in blocks:
        if kind != "python":
            found += _commands(block, kind == "console")
        elif not any(words in block for words in ELSEWHERE_RUN):
            found.append(block)
    return found


def _commands(block: str, has_answers: bool) -> list[Typed]:
    found = []
    lines = block.replace("\\\n", " ").splitlines()
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if has_answers and not line.startswith("$ "):
            continue
        answer = after if after.startswith("error: ") else ""
        for part in line.removeprefix("$ ").split("&&"):
            words = shlex.split(part, comments=True)
            if words[:1] == ["aecli"]:
                found.append(Typed(words[1:], answer))
    return found


def reason(words: list[str]) -> str:
    """Why a command cannot be typed here; nothing where it can."""
    if words[0] == "explore" and not any(word.startswith("static=") for word in words):
        return "a browser, see tests/explore"
    return next((v for k, v in ELSEWHERE.items() if any(k in w for w in words)), "")


def shortened(words: list[str]) -> list[str]:
    """The same command on few examples, with the newest runs where a page says RUN or SWEEP."""
    words = [INSTEAD.get(word, word) for word in words]
    if {"SWEEP", "FOLDER"} & set(re.split(r"\W", " ".join(words))):
        newest = str(sweeps.find("latest").folder)
        words = [re.sub("SWEEP|FOLDER", lambda _: newest, word) for word in words]
    if {"RUN", "ANOTHER"} & set(re.split(r"\W", " ".join(words))):
        found = [str(info.folder) for info in runs.list_runs() if info.state == "done"][:2]
        named = dict(zip(("RUN", "ANOTHER"), found, strict=False))
        words = [re.sub(r"\b(RUN|ANOTHER)\b", lambda m: named[m[0]], word) for word in words]
    goes_on = any(word.startswith(("resume=", "sweep=", "study=")) for word in words)
    if "dataset.every" not in " ".join(words):  # scores encode all 737,280 images: minutes
        words = [re.sub("^dataset=dsprites$", "dataset=glyphs", word) for word in words]
    if words[:1] == ["study"] and len(words) > 1 and not goes_on:
        few = ["models=[beta_vae]", "seeds=1", "trainer.steps=5", "dataset=glyphs", "metrics=[mig]"]
        keys = {word.partition("=")[0] for word in few}
        words = [*(word for word in words if word.partition("=")[0] not in keys), *few]
    if words == ["verify"]:  # every proof is a test of its own
        words = ["verify", "ae"]
    if words[:1] == ["reproduce"] and len(words) > 1:
        words = [*(w for w in words if "=" not in w), "epochs=1"]
    if words[0] in TRAINS and not goes_on and not any(w.startswith("--help") for w in words):
        stated = [word.partition("=")[0] for word in words]
        short = [word for word in SHORT if word.partition("=")[0] not in stated]
        place = words.index("--") if words[0] == "bench" and "--" in words else len(words)
        words = [*words[:place], *short, *words[place:]]
    return [re.sub(r"^trainer\.epochs=(\d\d+)$", "trainer.epochs=2", word) for word in words]


def run_python(text: str, names: dict) -> None:
    """Runs a page's Python among the names of its earlier blocks, the newest run for its dots."""
    if "outputs/..." in text:
        text = text.replace("outputs/...", str(runs.list_runs()[-1].folder))
    exec(compile(text, "page", "exec"), names)


def carry_out(command: Typed, capsys) -> None:
    """Types it, and asserts that it ends well, or with the error that the page shows."""
    words = command.words if command.answer else shortened(command.words)
    code = cli.dispatch(words)
    said = capsys.readouterr()
    text = f"aecli {shlex.join(words)}\n{said.out[-1500:]}{said.err[-3000:]}"
    if command.answer:
        assert code == 2, text
        assert _numberless(command.answer) in _numberless(said.err), text
        return
    assert code == 0, text
    assert "failed" not in said.err, text


def _numberless(text: str) -> str:
    return re.sub(r"\d+", "#", text)


def check_runs() -> None:
    """Asserts that each run is done, and was warned of nothing."""
    for info in runs.list_runs():
        status = runs.read_status(info.folder)
        assert status["state"] == "done", status
        assert status["warnings"] == [], info


def furnish(folder: pathlib.Path) -> None:
    """Puts the files that the pages speak of into a folder, made up or, where they are, shared."""
    rng = np.random.default_rng(0)
    splits = Digits().load()
    x, labels = splits.train.x, splits.train.labels
    np.savez(folder / "images.npz", x_train=x[:400], x_test=x[400:500])
    np.save(folder / "huge.npy", x[:400])
    for label in (0, 1):
        pictures = folder / "photos" / str(label)
        pictures.mkdir(parents=True)
        for number, image in enumerate(x[labels == label][:60]):
            pixels = Image.fromarray((image[..., 0] * 255).astype("uint8"))
            pixels.resize((40, 30)).convert("RGB").save(pictures / f"{number}.png")
    shutil.copytree(folder / "photos" / "0", folder / "threes")
    shutil.copytree(folder / "photos", folder / "emoji")
    rows = rng.integers(0, 256, (400, 785))
    rows[:, 0] %= 10
    for name in ("mnist_train.csv", "mnist_test.csv"):
        np.savetxt(folder / name, rows, "%d", ",")
    _tables(folder, rng)
    _series(folder, rng)
    _sentences(folder, rng)


def _tables(folder: pathlib.Path, rng: np.random.Generator) -> None:
    patients = load_breast_cancer()
    table = np.column_stack([patients.data, patients.target])
    header = ",".join([*patients.feature_names, "diagnosis"])
    np.savetxt(folder / "patients.csv", table, "%g", ",", header=header, comments="")
    np.save(folder / "activations.npy", rng.normal(size=(400, 16)).astype("float32"))
    states = ["ok"] * 180 + ["worn"] * 20
    load = rng.normal(size=(200, 1)) * [1, 0.8, -0.6, 0.5]  # the readings follow one load ...
    load[180:] = rng.normal(size=(20, 4))  # ... but for those of a worn machine
    readings = load + 0.2 * rng.normal(size=(200, 4))
    cells = [",".join(f"{v:.4f}" for v in row) for row in readings]
    lines = [f"{cell},{state}" for cell, state in zip(cells, states, strict=True)]
    head = "pressure,speed,current,heat"
    (folder / "machine.csv").write_text("\n".join([f"{head},state", *lines]) + "\n")
    (folder / "today.csv").write_text("\n".join([head, *cells[:40]]) + "\n")
    lines = ["PassengerId,Survived,Pclass,Sex,Age,SibSp,Fare,Embarked"]
    for n in range(400):
        age = "" if n == 0 or n % 5 == 0 else f"{rng.uniform(1, 80):.1f}"
        fare, port = rng.gamma(2, 15), "SCQ"[rng.integers(3)]
        sex = ("female", "male")[rng.integers(2)]
        lines.append(
            f"{n + 1},{rng.integers(2)},{rng.integers(1, 4)},{sex},{age},{rng.integers(4)},"
            f"{fare:.4f},{port}"
        )
    (folder / "passengers.csv").write_text("\n".join(lines) + "\n")


def _series(folder: pathlib.Path, rng: np.random.Generator) -> None:
    times = np.arange(1500)
    waves = np.sin(times / 8) + 0.1 * rng.normal(size=len(times))
    np.save(folder / "waves.npy", waves[:1200].reshape(40, 30).astype("float32"))
    header = "value,label"
    flags = (np.abs(times - 700) < 20).astype(int)
    np.savetxt(folder / "normal.csv", waves, "%.5f", ",", header="value", comments="")
    marked = np.column_stack([waves, flags])
    np.savetxt(folder / "new.csv", marked, ["%.5f", "%d"], ",", header=header, comments="")
    shared = pathlib.Path(os.environ.get("AECLI_DATA_DIR", ""), "series")
    for file in shared.rglob("*.*"):
        shutil.copyfile(file, folder / file.name)
    for bleeding in folder.glob("135_*_TEST.csv"):  # it begins with the training's 1,200 points
        header, *lines = bleeding.read_text().splitlines(True)
        (folder / "test.csv").write_text(header + "".join(lines[1200:]))
    for shuttle in shared.parent.rglob("shuttle.csv.gz"):
        shutil.copyfile(shuttle, folder / shuttle.name)


def _sentences(folder: pathlib.Path, rng: np.random.Generator) -> None:
    words = SOME_WORDS.split()
    sentences = [" ".join(rng.choice(words, rng.integers(4, 9))) for _ in range(400)]
    (folder / "lines.txt").write_text("\n".join(sentences) + "\n")
    (folder / "new.txt").write_text("\n".join(sentences[:20]) + "\n")
    rows = [f"{('noun', 'verb')[n % 2]}\t{text}" for n, text in enumerate(sentences)]
    text = "\n".join(["part_of_speech\tsentence", *rows]) + "\n"
    (folder / "sentences.tsv").write_text(text)
    (folder / "sentences.tsv.gz").write_bytes(gzip.compress(text.encode()))
