"""aecli report: one file, everything in it, nothing of a run folder that a browser would obey."""

import base64
import html.parser
import json
import pathlib
import shlex
import shutil

import matplotlib.pyplot as plt
import pytest

from aecli import runs
from aecli.commands.report import report
from aecli.console.arguments import parse
from aecli.errors import BadRequest
from aecli.fit.start import train
from aecli.page import content

NAMES = {"model": "vae", "dataset": "digits", "noise": "none", "experiment": None}
WORDS = ["model=vae", "dataset.limit=150", "trainer.epochs=2", "trainer.jit_compile=false",
         "figures=[loss_curve,reconstructions]"]  # fmt: skip
VOID = {"meta", "img", "br"}


class Reader(html.parser.HTMLParser):
    """What a browser would find: elements and their attributes, and the text."""

    def __init__(self, text: str):
        super().__init__()
        self.elements, self.texts, self._open = [], [], []
        self.feed(text)
        assert self._open == [], "every element is closed"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def images(self) -> dict[str, bytes]:
        found = [attrs for tag, attrs in self.elements if tag == "img"]
        head = "data:image/png;base64,"
        assert all(image["src"].startswith(head) for image in found)
        return {i["alt"]: base64.b64decode(i["src"].removeprefix(head)) for i in found}


@pytest.fixture(scope="module")
def trained(compose, tmp_path_factory) -> pathlib.Path:
    outputs = tmp_path_factory.mktemp("report")
    return train(compose(*WORDS, f"outputs={outputs}"), NAMES, WORDS).folder


@pytest.fixture
def run(trained, tmp_path, monkeypatch) -> runs.Run:
    """A copy of its own."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(trained, tmp_path / "outputs" / "2026-01-01" / trained.name)
    return runs.find()


def read(compose, *words: str) -> Reader:
    return Reader(report(compose(*words, command="report")).read_text(encoding="utf-8"))


def test_everything_is_in_it_and_nothing_elsewhere(compose, run):
    page = read(compose)
    pictures = {p.stem.replace("_", " "): p.read_bytes() for p in run.folder.glob("figures/*.png")}
    assert len(pictures) == 2
    assert page.images() == pictures
    assert {tag for tag, _ in page.elements}.isdisjoint({"link", "iframe", "object"})
    (script,) = [attrs for tag, attrs in page.elements if tag == "script"]
    assert not script, "ours, inline, named by its hash in the page's policy"
    urls = [v for _, attrs in page.elements for k, v in attrs.items() if k in ("src", "href")]
    assert all(url.startswith(("data:", "#figure")) for url in urls)
    text = "".join(page.texts)
    metrics = json.loads((run.folder / "metrics.json").read_text())
    about = metrics.pop("about")
    texts = [text.strip() for text in page.texts]
    for name, value in metrics.items():
        place = texts.index(f"{value:.4g}")
        assert (texts[place - 1], texts[place + 1]) == (name, about[name]["unit"])
        assert texts[place + 2] == about[name]["meaning"]
    assert "latent_dim: 2" in text
    assert "history.csv: 2 epochs" in text


def test_figures_stand_in_two_columns_of_about_one_height(tmp_path):
    def picture(height):
        path = tmp_path / f"{height}.{'svg' if height == 30 else 'png'}"
        plt.figure(figsize=(1, height / 100)).savefig(path)
        return path

    heights = [100, 50, 20, 30, 120]
    columns = content.in_columns([(str(h), picture(h)) for h in heights])
    assert [[i for i, *_ in column] for column in columns] == [[1, 4, 3], [2, 5]]


def test_the_command_makes_it_again(compose, run):
    (command,) = [t for t in read(compose).texts if t.startswith("aecli train")]
    words = shlex.split(command)
    assert words[:2] == ["aecli", "train"]
    assert parse("train", words[2:]).overrides == WORDS
    config = compose(*words[2:])
    assert config.model == run.config.model
    assert config.trainer == run.config.trainer


def test_a_card_is_shown_beside_its_baselines(compose, run):
    card = {
        "split": "test", "images": 150, "mse": 0.0123, "elbo": -31.5, "elbo_se": 0.25,
        "sections": {"reconstruction": ["mse"], "likelihood": ["elbo", "elbo_se"]},
        "baselines": {"PCA, 2 components": {"mse": 0.0456}}, "notes": {"likelihood": ["so many"]},
    }  # fmt: skip
    folder = run.new_eval_folder()
    (folder / "metrics.json").write_text(json.dumps(card))
    texts = [text.strip() for text in read(compose).texts if text.strip()]
    place = texts.index("Report card: reconstruction")
    assert texts[place + 2 : place + 8] == [
        "vae", "PCA, 2 components", "what it is", "mse (a pixel)", "0.0123", "0.0456",
    ]  # fmt: skip
    assert "-31.5 ± 0.25" in texts
    evaluated = {name: card[name] for name in ("split", "mse", "baselines")}
    about = {"mse": {"unit": "a pixel", "meaning": "mean squared error"}}
    for mse, is_told in ((card["mse"], False), (0.5, True)):
        found = evaluated | {"mse": mse, "about": about}
        (run.new_eval_folder() / "metrics.json").write_text(json.dumps(found))
        assert ("Beside simple models" in read(compose).texts) == is_told
    assert "so many" in texts


def test_what_other_commands_found_is_shown_with_its_meaning(compose, run):
    about = {"auroc": {"unit": "", "better": "higher", "meaning": "of 1; 0.5 by chance"}}
    detected = {"auroc": 0.8765, "threshold": 0.1, "baselines": {"PCA": {"auroc": 0.7654}},
                "about": about, "score": "reconstruction"}  # fmt: skip
    scored = {"threshold": 0.25, "about": {"threshold": {"meaning": "above it anomalous"}}}
    rows = [{"features": "code", "labels": 50, "linear": 0.5, "linear_std": 0.02}]
    probed = {"train_images": 100, "rows": rows}
    for found in (detected, scored, probed, {"baselines": 3, "split": "test"}):
        (run.new_eval_folder() / "metrics.json").write_text(json.dumps(found))
    texts = [text.strip() for text in read(compose).texts if text.strip()]
    place = texts.index("Anomalies: aecli detect")
    assert texts[place + 2 : place + 10] == [
        "this model", "PCA", "what it is", "auroc", "0.8765", "0.7654", "of 1; 0.5 by chance",
        "Scores: aecli detect",
    ]  # fmt: skip
    assert texts[place + 1].startswith("score reconstruction; ")
    place = texts.index("above it anomalous")
    assert texts[place - 2 : place + 2] == [
        "threshold", "0.25", "above it anomalous", "Labels told from the codes: aecli probe",
    ]  # fmt: skip
    assert "50.00 ± 2.00" in texts
    assert {"network", "mlp", "loss", "binary_crossentropy", "optimizer", "parameters"} <= {*texts}
    assert any(text.startswith("150 train, ") and text.endswith(" test") for text in texts)


def test_the_script_is_the_one_that_the_policy_names(compose, run):
    import hashlib
    import re

    text = report(compose(command="report")).read_text(encoding="utf-8")
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    named = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{named}'" in text


def test_a_stranger_s_folder_is_text(compose, run):
    attack = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    run.update_status(model=attack, error=attack, warnings=[attack], data_source=attack)
    overrides = run.folder / ".hydra" / "overrides.yaml"
    overrides.write_text(f"- {json.dumps('outputs=' + attack)}\n")
    card = {
        "split": attack, "images": attack, attack: 1.0, "sections": {attack: [attack]},
        "baselines": {attack: {attack: 1.0}}, "notes": {attack: [attack]},
    }  # fmt: skip
    (run.new_eval_folder() / "metrics.json").write_text(json.dumps(card))
    page = read(compose)
    assert [tag for tag, _ in page.elements].count("script") == 1, "ours"
    assert all("onerror" not in attrs for _, attrs in page.elements)
    assert attack in "".join(page.texts)


@pytest.mark.parametrize(
    "damage", ["[]", "{", '{"sections": {"a": 1}}', '{"sections": {"a": ["b"]}, "baselines": 3}']
)
def test_a_damaged_card_is_passed_over(compose, run, damage):
    (run.new_eval_folder() / "metrics.json").write_text(damage)
    assert not any("Report card" in text for text in read(compose).texts)


def test_what_is_no_picture_is_refused(compose, run):
    (run.folder / "figures" / "loss_curve.png").write_bytes(b"<script>alert(1)</script>")
    with pytest.raises(BadRequest, match=r"loss_curve\.png is no PNG file"):
        read(compose)


def test_an_svg_is_shown_too(compose, run):
    drawn = b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>"
    (run.folder / "figures" / "mine.svg").write_bytes(drawn)
    sources = {attrs["alt"]: attrs["src"] for tag, attrs in read(compose).elements if tag == "img"}
    assert base64.b64decode(sources["mine"].removeprefix("data:image/svg+xml;base64,")) == drawn


def test_bad_requests(compose, run, tmp_path):
    (tmp_path / "mine.html").write_text("mine")
    for word, said in {
        "output=mine.html": "exists, and is left as it is",
        "style=paper": "are for a sweep",
        "output=page.pdf": "it can be .html",
        "run=nowhere": "run=nowhere does not exist",
    }.items():
        with pytest.raises(BadRequest, match=said):
            report(compose(word, command="report"))
    assert (tmp_path / "mine.html").read_text() == "mine"


@pytest.mark.slow
def test_a_sweep_has_its_leaderboard_and_figures(compose, tmp_path, monkeypatch):
    from aecli.dispatch import run as aecli

    monkeypatch.chdir(tmp_path)
    words = ["model.latent_dim=2,3", *WORDS[1:-1], "figures=[]", "n_jobs=2"]
    assert aecli("train", ["-m", *words]) == 0
    (sweep,) = tmp_path.glob("outputs/*/*_sweep")
    page = read(compose, f"run={sweep}")
    assert {"metric against latent dim", "loss curves", "reconstructions"} == set(page.images())
    texts = [text.strip() for text in page.texts]
    assert "Leaderboard" in texts
    assert "model.latent_dim" in texts
    commands = "\n".join(page.texts)
    assert "model.latent_dim=2" in commands
    assert "model.latent_dim=3" in commands
