"""Means and 95 % intervals over seeds, against SciPy and by hand."""

import math
import statistics

import numpy as np
import pytest
from compared import Maker, product
from scipy import stats

from aecli.comparison.interval import summary


@pytest.mark.parametrize("n", [2, 3, 5, 10, 100])
def test_the_interval_is_scipys(n):
    values = list(np.random.default_rng(n).normal(30, 4, n))
    found = summary(values)
    low, high = stats.t.interval(0.95, n - 1, loc=np.mean(values), scale=stats.sem(values))
    assert found.mean == pytest.approx(statistics.fmean(values), rel=1e-14)
    assert found.mean - found.half == pytest.approx(low, rel=1e-12)
    assert found.mean + found.half == pytest.approx(high, rel=1e-12)
    assert found.n == n


def test_by_hand():
    """28, 30, 32: s = 2, t = 4.30265 in any table, 4.30265 * 2 / sqrt(3) = 4.968."""
    found = summary([28.0, 30.0, 32.0])
    assert found.mean == 30.0
    assert found.half == pytest.approx(4.30265 * 2 / math.sqrt(3), rel=1e-5)


def test_it_holds_the_truth_in_95_of_100():
    draws = np.random.default_rng(0).normal(7.0, 2.0, (4000, 3))
    found = [summary(list(row)) for row in draws]
    covered = np.mean([abs(one.mean - 7.0) <= one.half for one in found])
    assert covered == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize(("values", "mean"), [([], None), ([3.0], 3.0)])
def test_one_value_has_no_interval(values, mean):
    assert (summary(values).mean, summary(values).half) == (mean, None)


def test_equal_values_have_an_interval_of_nothing():
    assert summary([2.0, 2.0]).half == 0.0


def test_of_a_sweep(tmp_path):
    jobs = product(model__latent_dim=[2, 4], seed=[0, 1, 2])
    losses = [5.0, 6.0, 7.0, 30.0, 28.0, 32.0]
    board = Maker(tmp_path).board(jobs, [{"val_loss": loss, "mse": 1 / loss} for loss in losses])
    best, second = board.rows
    assert (best.values, second.values) == ([2], [4])
    assert best.summaries["val_loss"].mean == 6.0
    assert second.summaries["val_loss"].half == pytest.approx(4.30265 * 2 / math.sqrt(3), rel=1e-5)
    inverse = [1 / loss for loss in losses[:3]]
    low, _ = stats.t.interval(0.95, 2, loc=np.mean(inverse), scale=stats.sem(inverse))
    found = best.summaries["mse"]
    assert found.mean - found.half == pytest.approx(low)
