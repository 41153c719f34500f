"""Which factor a unit tells of: independent codes, copies, feature maps, a bias that is known."""

import numpy as np
import pytest

from aecli.datasets.factors import Factors
from aecli.metrics.disentanglement.matched import matched

RNG = np.random.default_rng(0)
FACTORS = Factors(("shape", "x"), (3, 8), RNG.integers(0, (3, 8), (2000, 2)))


def test_a_unit_that_is_a_factor_tells_all_of_it_and_noise_tells_nothing():
    shape, x = FACTORS.values.T
    noise = RNG.normal(size=2000)
    found = matched(np.stack([noise, 7.0 - x, 0 * noise, shape * 2.5], axis=1), FACTORS)
    assert found.columns()["factor"][[1, 3]].tolist() == ["x", "shape"]
    assert found.columns()["factor"][2] == "-"  # of what never changes
    np.testing.assert_allclose(found.entropy, np.log([3, 8]), atol=0.01)
    np.testing.assert_allclose(found.share[[1, 3], [1, 0]], 1, atol=0.02)
    assert found.share[0].max() < 0.01
    np.testing.assert_allclose(found.information[1, 1], found.entropy[1], rtol=0.02)


def test_what_is_subtracted_makes_independent_codes_tell_nothing_on_average():
    """As counted it is 19 * 7 / 1000 = 0.13 nats, where nothing is known."""
    draws = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        values = rng.integers(0, 8, (500, 1))
        codes = rng.uniform(size=(500, 4))
        draws.append(matched(codes, Factors(("x",), (8,), values)).information.mean())
    assert np.mean(draws) < 0.02


def test_a_feature_map_counts_as_its_mean():
    maps = RNG.normal(size=(2000, 3, 3, 2)) * 0.01
    maps[..., 1] += FACTORS.values[:, 0, None, None]
    assert matched(maps, FACTORS).columns()["factor"][1] == "shape"
    assert matched(maps, FACTORS).share[1, 0] == pytest.approx(1, abs=0.02)


def test_a_factor_that_does_not_vary_is_told_by_nothing():
    one = Factors(("x",), (8,), np.zeros((50, 1), int))
    found = matched(RNG.normal(size=(50, 2)), one)
    assert found.share.tolist() == [[0], [0]]
    assert found.columns()["factor"].tolist() == ["-", "-"]
