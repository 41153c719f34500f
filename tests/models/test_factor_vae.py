"""FactorVAE: both optimizers resume."""

import pytest
from same_runs import differing

LITTLE = ["model=factor_vae", "model.critic_widths=[16]", "trainer.batch_size=40"]


@pytest.mark.slow
def test_a_training_that_was_stopped_goes_on_bit_for_bit(lab, monkeypatch):
    from aecli.training.resident import ResidentFeed

    monkeypatch.setattr(ResidentFeed, "_steps_a_chunk", lambda self: self._time(0) and 1)
    overrides = [*LITTLE, "trainer.epochs=3", "critic_optimizer.learning_rate=0.01"]
    whole = lab.train(*overrides)
    part = lab.interrupted(*overrides, after=6)
    lab.resume(part)
    assert differing(whole, part) == []
