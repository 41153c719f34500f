"""IWAE and MIWAE: in a run, and what they refuse."""

import json

import numpy as np
import pytest
from same_runs import differing

from aecli import build, runs
from aecli.errors import BadRequest


@pytest.mark.slow
def test_validation_is_the_bound_of_frozen_draws_and_a_stopped_training_goes_on(lab, monkeypatch):
    from aecli.training.resident import ResidentFeed

    monkeypatch.setattr(ResidentFeed, "_steps_a_chunk", lambda self: self._time(0) and 1)
    overrides = ["model=miwae", "model.m=2", "model.k=3", "trainer.epochs=3"]
    overrides += ["trainer.batch_size=40", "metrics=[bounds]", "metrics.bounds.k=3"]
    whole = lab.train(*overrides)
    part = lab.interrupted(*overrides, after=6)
    lab.resume(part)
    assert differing(whole, part) == []
    run = runs.Run(whole)
    x, history = run.examples("val")[0], run.history
    best = int(np.argmin(history["val_loss"]))
    assert run.status["best_epoch"] == best + 1
    score = run.model.score(x)
    for name in ("loss", "tightening"):
        assert score[name].mean() == pytest.approx(history[f"val_{name}"][best], rel=1e-4)
    metrics = json.loads((whole / "metrics.json").read_text())
    assert metrics["iw_elbo"] == pytest.approx(-metrics["loss"], rel=0.02)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["model=iwae", "model.k=0"], "model.k must be greater"),
        (["model=iwae", "model.epsilon_std=0"], "model.epsilon_std must be greater than 0"),
        (["model=miwae", "model.m=1000000", "model.k=1000"], "1,000,000,000 draws an image"),
    ],
)
def test_what_it_cannot_take_is_refused(compose, overrides, words):
    with pytest.raises(BadRequest, match=words) as refusal:
        build.model(compose(*overrides), (8, 8, 1))
    assert len(str(refusal.value).splitlines()) <= 2
