"""Proofs of the standard errors of distances between two sets of features."""

import numpy as np

from aecli.metrics.frechet import frechet_distance, frechet_without
from aecli.metrics.jackknife import bias, parts_of, standard_error
from aecli.metrics.kid import kernel_distance
from aecli.proofs.base import at_least, at_most, close, proof, same

N, PARTS = 60, 12


def _without(statistic, x: np.ndarray, parts: np.ndarray) -> np.ndarray:
    return np.array([statistic(x[parts != part]) for part in range(parts.max() + 1)])


@proof("parts: of equal sizes, all of them, at random, the same ones again")
def parts():
    found = parts_of(23, 5)
    yield same(np.sort(np.bincount(found)), [4, 4, 5, 5, 5])
    yield same(parts_of(23, 5), found)
    yield at_least(np.sum(found != np.arange(23) % 5), 10)
    yield same(np.sort(parts_of(4, 9)), [0, 1, 2, 3])


@proof("of a mean, one left out at a time: s / sqrt(N), and no bias")
def of_a_mean():
    x = np.random.default_rng(0).normal(size=17)
    without = _without(np.mean, x, parts_of(17, 17))
    yield close(standard_error(without), x.std(ddof=1) / np.sqrt(17), rtol=1e-12)
    yield close(bias(float(x.mean()), without), 0, atol=1e-12)


@proof("of a variance over N, one left out at a time: the bias = -s^2 / N")
def of_a_variance():
    x = np.random.default_rng(0).normal(size=17)
    without = _without(np.var, x, parts_of(17, 17))
    yield close(bias(float(np.var(x)), without), -np.var(x, ddof=1) / 17, rtol=1e-9)


def _drawn(shift: float, repeats: int):
    """[repeats] of kid, its error, frechet, its error and its bias, of N images in 3 features."""
    rng, cut = np.random.default_rng(3), parts_of(N, PARTS)
    for _ in range(repeats):
        x, y = rng.normal(size=(2, N, 3))
        kid, without = kernel_distance(x, y + shift, cut)
        distance, left = frechet_distance(x, y + shift), frechet_without(x, y + shift, cut)
        errors = standard_error(without), standard_error(left)
        yield kid, errors[0], distance, errors[1], bias(distance, left)


@proof("standard errors = the spread over 200 pairs of sets of shifted laws, within a fifth")
def shifted():
    kid, kid_error, distance, error, _ = np.array(list(_drawn(1.0, 200))).T
    for values, errors in ((kid, kid_error), (distance, error)):
        yield close(np.sqrt(np.mean(errors**2)), values.std(), rtol=0.2)


@proof("of one law they are wider than the spread, by sqrt(2) at most; the bias is all there is")
def one_law():
    kid, kid_error, distance, error, too_high = np.array(list(_drawn(0.0, 200))).T
    for values, errors in ((kid, kid_error), (distance, error)):
        ratio = np.sqrt(np.mean(errors**2)) / values.std()
        yield at_least(ratio, 1.0)
        yield at_most(ratio, 1.6)
    yield close(too_high.mean(), distance.mean(), rtol=0.1)
    yield at_least(np.mean(np.abs(kid) < 2 * kid_error), 0.95)
