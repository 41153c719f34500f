"""The two-stage sampler in a run: fitted to drawn codes, kept as numbers."""

import fresh_run
import numpy as np
import pytest

from aecli import runs
from aecli.errors import NotApplicable
from aecli.runs import sampling
from aecli.samplers.two_stage import TwoStage

QUICK = TwoStage(width=8, layers=1, epochs=2, draws=3)


def test_a_run_hands_over_drawn_codes_and_keeps_what_is_learnt(compose, tmp_path, monkeypatch):
    folder = fresh_run.folder(compose, tmp_path, "model=vae", "model.latent_dim=3")
    run, given = runs.Run(folder), []
    learn = TwoStage.learn
    monkeypatch.setattr(TwoStage, "learn", lambda self, x: given.append(x) or learn(self, x))
    codes, said = sampling.new_codes(run, 40, 0, QUICK)
    again, _ = sampling.new_codes(runs.Run(folder), 40, 0, QUICK)
    np.testing.assert_array_equal(again, codes)
    assert said.startswith("a second VAE of 1 hidden layer fitted to ")
    assert len(given) == 1
    x = np.concatenate([run.examples("train", n=10_000, random=True)[0]])
    np.testing.assert_array_equal(given[0], run.model.encode(x, seed=0))
    assert np.abs(given[0] - run.model.encode(x)).max() > 0.1
    assert (folder / "samplers" / "twostage" / "all.npz").is_file()


def test_the_first_of_more_draws_are_those_of_few():
    fitted = QUICK.fit(np.random.default_rng(0).normal(size=(100, 2)))
    np.testing.assert_allclose(fitted.sample(500, 3)[:20], fitted.sample(20, 3), atol=1e-6)


def test_codes_that_are_one_point_and_too_few_codes():
    draws = QUICK.fit(np.full((20, 2, 2), 3.0)).sample(5, seed=0)
    np.testing.assert_allclose(draws, 3, atol=0.01)
    with pytest.raises(NotApplicable, match="needs 10 training codes"):
        QUICK.fit(np.ones((9, 2)))
