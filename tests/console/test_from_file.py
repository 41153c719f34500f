"""aecli train config.yaml: a run's own file, one written by hand, and one of a stranger's."""

import pytest
from omegaconf import OmegaConf

from aecli import build
from aecli.console.arguments import parse
from aecli.console.compose import composed
from aecli.errors import BadRequest


def read(words):
    return build.plain(composed("train", parse("train", words).overrides).config)


@pytest.mark.parametrize(
    "words",
    [
        ["model=cvae", "network=conv", "noise=masking", "schedule=cosine"],
        ["model=vae", "model/prior=vamp", "seed=3", "model.prior.components=7"],
        ["model=vae_gan", "optimizer=sgd"],
        ["dataset=text", "dataset.path='a b.txt'", "network=seq2seq", "loss=categorical"],
        ["callbacks=[]", "figures=[]", "metrics=[bounds]", "network.widths=[]"],
    ],
)
def test_a_runs_own_file_is_the_same_training(tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    config = build.plain(composed("train", words).config)
    (tmp_path / "config.yaml").write_text(OmegaConf.to_yaml(OmegaConf.create(config)))
    assert read(["config.yaml"]) == config


def test_what_is_typed_comes_after_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yml").write_text(
        "model: {_target_: aecli.models.vae.VAE, beta: 3.0}\ntrainer: {epochs: 7}\n"
        "callbacks: {early_stopping: {patience: 3}}\noutputs: elsewhere\nseed: 4\n"
    )
    config = read(["mine.yml"])
    assert (config["model"]["beta"], config["trainer"]["epochs"], config["seed"]) == (3.0, 7, 4)
    assert config["callbacks"]["early_stopping"]["patience"] == 3
    assert config["outputs"] == "outputs"  # for the command line
    config = read(["mine.yml", "model.beta=2", "trainer.epochs=9"])
    assert (config["model"]["beta"], config["trainer"]["epochs"]) == (2, 9)
    assert "beta" not in read(["mine.yml", "model=ae"])["model"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("model: {_target_: os.system}\n", "no option names this class"),
        ("model: {_target_: aecli.models.vae.VEA}\n", "no option names this class"),
        ("hydra: {callbacks: {a: {_target_: os.system}}}\n", "hydra and defaults are no keys"),
        ("defaults: [model: vae]\n", "hydra and defaults are no keys"),
        ("seed: ${oc.env:HOME}\n", "has \\${"),
        ("seed: !!python/name:os.system 3\n", "damaged: tags"),
        ("seed: &a 3\n", "anchors"),
        ("[1, 2]\n", "must have keys"),
        ("seed: 1\n" * 2, "duplicate key"),
        ("x" * 200_000, "more than 100,000 bytes"),
    ],
)
def test_a_strangers_file_is_refused_before_anything_is_made(tmp_path, monkeypatch, text, why):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil.yaml").write_text(text)
    with pytest.raises(BadRequest, match=why):
        parse("train", ["evil.yaml"])


def test_a_key_that_nothing_reads_and_a_file_that_is_not_there(typed, tmp_path):
    (tmp_path / "mine.yaml").write_text("trainer: {epochs: 1, epoch: 3}\n")
    code, said = typed("train", "mine.yaml")
    assert code == 2
    assert "epoch" in said
    assert "cannot be read" in typed("train", "nowhere.yaml")[1]
