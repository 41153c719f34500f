"""Explained variance, recovery: what must not change them, and what must."""

import numpy as np
import pytest

from aecli.metrics.dictionary import agreement, explained_variance, recovery

RNG = np.random.default_rng(0)


def test_explained_variance_does_not_know_scale_or_place_of_the_data():
    x = RNG.normal(size=(50, 4)) * [1, 2, 3, 10]
    again = x + RNG.normal(size=(50, 4))
    known = 1 - (x - again).var(0).sum() / x.var(0).sum()
    assert explained_variance(x, again) == pytest.approx(known, rel=1e-9)
    assert 0 < known < 1
    for scale, shift in ((1e-3, 0), (7.0, 1e3), (1.0, -5.0)):
        found = explained_variance(scale * x + shift, scale * again + shift)
        assert found == pytest.approx(known, rel=1e-9)
    assert explained_variance(x, np.broadcast_to(x.mean(0), x.shape)) == pytest.approx(0, abs=1e-9)
    assert explained_variance(x, x) == 1
    assert explained_variance(np.ones((3, 2)), np.ones((3, 2))) is None


def test_agreement_of_what_is_half_as_long():
    x = RNG.normal(size=(9, 4))
    found = agreement(x, 0.5 * x)
    assert found["cosine"] == pytest.approx(1)
    assert found["length_ratio"] == pytest.approx(0.5)
    assert agreement(x, np.zeros_like(x)) == {"cosine": None, "length_ratio": 0}


def test_recovery_knows_permutations_and_not_the_other_sign():
    true = RNG.normal(size=(6, 20))
    found = np.concatenate([3 * true[[4, 2, 0]], -true[5:], RNG.normal(size=(2, 20))])
    cosines = recovery(true, found)
    np.testing.assert_allclose(cosines[[0, 2, 4]], 1, rtol=1e-6)
    assert (cosines[[1, 3, 5]] < 0.8).all()
