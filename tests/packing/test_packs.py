"""aecli pack: the folder is the run, wherever it is, and says nothing of where it was made."""

import getpass
import hashlib
import pathlib
import re
import shutil
import socket

import numpy as np
import pytest
import yaml
from fresh_run import folder as fresh_run

import aecli
from aecli import build
from aecli.comparison import records, sources
from aecli.fit import warm
from aecli.packing.card import plain
from aecli.packing.cleaned import PLACE

GIVER = "a_givers_own_place"


@pytest.fixture
def run(compose, tmp_path, monkeypatch):
    """A VAE on digits, as `aecli train` leaves it."""
    monkeypatch.chdir(tmp_path)
    return fresh_run(compose, tmp_path / "outputs", "model=vae", "network.widths=[16]")


def names(folder: pathlib.Path) -> set[str]:
    return {f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file()}


def sums(folder: pathlib.Path) -> dict[str, str]:
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def test_a_pack_is_the_run_wherever_it_is(run, typed, images, tmp_path):
    given = aecli.load(run)
    assert given.pack("mine", licence="mit") == pathlib.Path("mine")
    answers = given.encode(images), given.reconstruct(images), given.generate(3)
    shutil.move("mine", tmp_path / "far")
    shutil.rmtree(run)
    pack = aecli.load(tmp_path / "far")
    for mine, theirs in zip(
        answers, (pack.encode(images), pack.reconstruct(images), pack.generate(3)), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)
    assert repr(pack).endswith("vae on digits, done, 1 epoch)")
    known = sums(tmp_path / "far")
    assert known.keys() == names(tmp_path / "far") - {"SHA256SUMS", "README.md"}
    with open(tmp_path / "far" / "README.md", "a") as card:
        card.write("what its giver adds\n")
    for name, digest in known.items():
        content = (tmp_path / "far" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
    assert typed("generate", "far", "n=2", "sampler=gmm")[0] == 0  # writes beside the sums
    beside = {name.partition("/")[0] for name in names(tmp_path / "far") - {*known}}
    assert beside == {"SHA256SUMS", "README.md", "eval"}
    assert typed("pack", "far", "output=again")[0] == 0
    assert sums(pathlib.Path("again")) == known


def test_what_a_pack_does_not_do_says_what_to_type(run, typed, compose):
    assert typed("pack", f"run={run}", "output=mine") == (
        0,
        "mine\nopen it: aecli.load('mine'), or run=mine in any command\n",
    )
    before = sums(pathlib.Path("mine"))
    code, said = typed("pack", f"run={run}", "output=mine")
    assert (code, "output=mine exists" in said) == (2, True)
    assert "small letters" in typed("pack", f"run={run}", "output=new", "licence=MIT")[1]
    assert not pathlib.Path("new").exists()
    for words in (["train", "resume=mine"], ["train", "mine"]):
        code, said = typed(*words)
        assert code == 2
        assert "aecli train mine/config.yaml warm_start=mine" in said
    code, said = typed("detect", "mine", "keep=true")
    assert (code, "keep=true: mine is a pack" in said) == (2, True)
    assert sums(pathlib.Path("mine")) == before
    config = compose("model=vae", "network.widths=[16]", "warm_start=mine")
    model = build.model(config, (8, 8, 1))
    warm.start(config, model).give_to(model)
    np.testing.assert_array_equal(model.weights[0], aecli.load(run).model.weights[0])
    [one] = sources.find(["mine", str(run)]).entries[:1]
    assert records.read(one).title == "vae on digits"


@pytest.fixture(scope="module")
def giver(tmp_path_factory):
    """A folder whose name nobody should learn; in it a run on a CSV."""
    place = tmp_path_factory.mktemp("made") / GIVER / "data"
    place.mkdir(parents=True)
    rng = np.random.default_rng(0)
    rows = [f"{a:.3f},{b:.3f},{'xy'[n % 2]}" for n, (a, b) in enumerate(rng.normal(size=(90, 2)))]
    (place / "machines.csv").write_text("\n".join(["heat|<b>,load,state", *rows]) + "\n")
    short = ["trainer.epochs=1", "trainer.jit_compile=false", "figures=[loss_curve]"]
    words = ["dataset=table", f"dataset.path={place}/machines.csv", "dataset.label_column=state"]
    aecli.train(*words, "loss=mse", *short, folder=place.parent / "run", verbose=False)
    return place.parent


def test_nothing_says_where_it_was_made(giver, typed, tmp_path):
    """No path, user or host in any file; the data's own name stays."""
    pack = aecli.load(giver / "run").pack(tmp_path / "given", data_licence="of the works")
    secrets = [GIVER, str(giver), str(tmp_path), getpass.getuser(), socket.gethostname()]
    for name in names(pack):
        content = (pack / name).read_bytes()
        for secret in secrets:
            assert len(secret) < 5 or secret.encode() not in content, f"{name}: {secret}"
        if (pack / name).suffix in (".yaml", ".json", ".md", ".csv"):
            found = re.search(rb"(?<![\w.:/)])(/\w+/|~/|[A-Za-z]:\\)", content)
            assert found is None, f"{name}: {content[found.start() - 30 :][:80]}"
    config = yaml.safe_load((pack / "config.yaml").read_text())
    assert config["dataset"]["path"] == "machines.csv"
    overrides = yaml.safe_load((pack / "overrides.yaml").read_text())
    assert "dataset.path=machines.csv" in overrides
    assert not any(word.startswith("name=") for word in overrides)
    assert typed("generate", "given", "n=2")[0] == 0  # by codes that were fitted when it was packed
    code, said = typed("eval", "given")
    assert (code, "machines.csv does not exist" in said) == (2, True)
    assert typed("report", "given", "output=page.html")[0] == 0
    assert "dataset.path=machines.csv" in pathlib.Path("page.html").read_text()


def test_the_card_is_one_of_the_hubs_and_nobody_writes_in_it(giver, tmp_path):
    pack = aecli.load(giver / "run").pack(
        tmp_path / "given", licence="cc-by-4.0", data_licence="[ours](http://x)"
    )
    _, head, text = (pack / "README.md").read_text().split("---\n", 2)
    known = yaml.safe_load(head)
    assert known["license"] == "cc-by-4.0"
    assert known["tags"] == ["autoencoder", "ae", "table", "keras"]
    [index] = known["model-index"]
    [result] = index["results"]
    assert result["dataset"] == {"type": "machines.csv", "name": "machines.csv", "split": "test"}
    measured = aecli.load(pack).metrics
    shown = {one["type"]: one["value"] for one in result["metrics"]}
    assert shown == {key: value for key, value in measured.items() if value is not None}
    assert r"columns: heat\|\<b\>, load" in text
    assert r"licence: \[ours\](http://x)" in text
    assert "![loss curve](figures/loss_curve.png)" in text
    assert "| mse | " in text
    for link in re.findall(r"\]\((figures/[^)]*)\)", text):
        assert (pack / link).is_file()


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("/home/me/my data/x.csv", "x.csv"),
        ("~/x.csv (3 columns)", "x.csv (3 columns)"),
        ("../data/x.csv, content verified", "x.csv, content verified"),
        (r"C:\data\x.csv", "x.csv"),
        ("file:///home/me/x", "x"),
        ("failed: '/home/me/x'", "failed: 'x'"),
        ("n/a", "n/a"),
        ("nats a pixel", "nats a pixel"),
    ],
)
def test_directories_are_cut_from_a_text(text, cut):
    assert PLACE.sub("", text) == cut


def test_a_text_of_others_is_no_markdown():
    assert plain("a|b\n<img src=x> ![x](y) `z`") == r"a\|b?\<img src=x\> !\[x\](y) \`z\`"
