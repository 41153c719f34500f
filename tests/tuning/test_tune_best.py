"""best.yaml composes to the config of the best trial, whatever the search was made of."""

import types

import pytest
from omegaconf import OmegaConf

from aecli.console.arguments import parse
from aecli.console.compose import composed
from aecli.errors import BadRequest
from aecli.tuning import best, compose
from aecli.tuning import request as tune_request
from aecli.tuning.studies import Study

RATE = "optimizer.learning_rate=interval(1e-4,1e-2)"


def searched(words, tmp_path):
    """-> Study, and a trial at the far end of each range"""
    request = tune_request.read(parse("tune", words))
    study = Study(tmp_path / "study", compose.compose(request), 20)
    point = {p.key: p.labels[-1] if p.kind == "choice" else p.high for p in study.terms.params}
    trial = types.SimpleNamespace(params=point, value=17.25, number=3)
    return study, trial


@pytest.mark.parametrize(
    "words",
    [
        ["model=vae", RATE],
        [RATE, "seed=7", "trainer.threads=3"],
        ["model=ae,deep,conv", "network=mlp,conv", "trainer.epochs=range(3,9)"],
        ["model=conv", "network=mlp", "network.widths=[64],[128,64]"],
        ["experiment=dense_digits", RATE, "model.latent_dim=int(interval(4,64))"],
        ["experiment=dense_digits,vae_mnist", "dataset=digits", "trainer.batch_size=32,64"],
        ["+callbacks=reduce_on_plateau", "callbacks.reduce_on_plateau.patience=range(1,9)"],
        ["callbacks.early_stopping=null,{patience:3}", "noise=gaussian"],
        ["~callbacks.early_stopping", RATE],
        ["callbacks=[checkpoint,csv_log]", "metrics=[]", RATE],
        ["schedule=cosine,none", "optimizer=sgd", "optimizer.clipnorm=null,0.5"],
        ["dataset.binarize=none,threshold", "model.latent_dim=3,null"],
    ],
)
def test_the_experiment_is_the_trial(tmp_path, words):
    study, trial = searched(words, tmp_path)
    text = best.experiment(study, trial, "found")
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "found.yaml").write_text(text)
    found = composed("train", ["experiment=found"], str(tmp_path)).config
    wanted = study.terms.config(trial.params)
    for config in (found, wanted):
        OmegaConf.set_struct(config, False)
        OmegaConf.resolve(config)
    wanted = {k: v for k, v in wanted.items() if k not in best.NOT_SETTINGS}
    assert without_none({key: found[key] for key in wanted}) == without_none(wanted), text


def without_none(tree):
    """A callback that is null is as good as none."""
    plain = OmegaConf.to_container(OmegaConf.create(tree))
    callbacks = plain["callbacks"] or {}
    return plain | {"callbacks": {k: v for k, v in callbacks.items() if v is not None}}


def test_the_header_says_where_it_comes_from(tmp_path):
    study, trial = searched(["model=vae", RATE], tmp_path)
    lines = best.experiment(study, trial, "found").splitlines()
    assert lines[:3] == [
        "# @package _global_",
        "# val_loss 17.25, the best of 20 trials of aecli tune",
        "# command: aecli train experiment=found",
    ]
    assert "#   optimizer.learning_rate: 0.0001 to 0.01, log" in lines
    assert "  - override /model: vae" in lines


def test_saving_overwrites_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = best.path_of("mine")
    assert best.save("# one\n", path)
    assert not best.save("# two\n", path)
    assert path.read_text() == "# one\n"
    assert [entry.name for entry in path.parent.iterdir()] == ["mine.yaml"]
    for name in ("mine", "dense_mnist"):
        with pytest.raises(BadRequest, match="there is an experiment of that name"):
            best.check_free(name)
