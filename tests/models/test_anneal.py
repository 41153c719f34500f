"""Weights that rise: exact resume, and what has no such charge."""

import pytest
from same_runs import differing

from aecli import build
from aecli.errors import BadRequest


@pytest.mark.parametrize(
    "overrides",
    [pytest.param(["model/anneal=cyclical"], marks=pytest.mark.slow),
     pytest.param(["model/anneal=capacity", "model.anneal.final=3"], marks=pytest.mark.slow),
     ["model.free_bits=0.3"]],
    ids=["cyclical", "capacity", "free bits"],
)  # fmt: skip
def test_a_stop_inside_a_period_costs_nothing(lab, monkeypatch, overrides):
    from aecli.training.resident import ResidentFeed

    monkeypatch.setattr(ResidentFeed, "_steps_a_chunk", lambda self: self._time(0) and 1)
    words = ["model=vae", "model.warmup_epochs=2", "trainer.batch_size=40", "trainer.epochs=3"]
    whole = lab.train(*words, *overrides)
    part = lab.interrupted(*words, *overrides, after=6)
    lab.resume(part)
    assert differing(whole, part) == []


@pytest.mark.parametrize("name", ["iwae", "ladder_vae"])
@pytest.mark.parametrize("setting", ["model.free_bits=0.1", "model/anneal=capacity"])
def test_models_that_have_no_such_charge_say_so(compose, name, setting):
    with pytest.raises(BadRequest, match="are not for"):
        build.model(compose(f"model={name}", setting), (8, 8, 1))


def test_a_flow_has_no_kl_of_units_to_charge_for(compose):
    with pytest.raises(BadRequest, match="model/posterior=gaussian"):
        build.model(compose("model=vae", "model/posterior=iaf", "model.free_bits=0.1"), (8, 8, 1))
