"""Proofs of the kernel distance between two sets of features."""

import math

import numpy as np
from scipy import stats
from sklearn.metrics.pairwise import polynomial_kernel

from aecli.metrics.jackknife import parts_of
from aecli.metrics.kid import kernel_distance
from aecli.proofs.base import close, mean_of, proof

D = 2  # features
SHIFT, SCALE = np.array([0.5, -0.3]), np.array([1.2, 0.7])


def _draws(n: int, seed: int = 0, d: int = D) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(2, n, d))


def _by_hand(x, y) -> float:
    """The U-statistic of scikit-learn's kernels, whose defaults are the slope 1 / D and the 1."""
    kernels = [polynomial_kernel(*pair, degree=3) for pair in ((x, x), (y, y), (x, y))]
    off = ~np.eye(len(x), dtype=bool)
    return kernels[0][off].mean() + kernels[1][off].mean() - 2 * kernels[2].mean()


def _moments(power: int, mean, scale) -> np.ndarray:
    """E of the outer product of `power` copies of x, of N(mean, scale^2), by SciPy's moments."""
    found = np.empty((D,) * power)
    for index in np.ndindex(found.shape):
        counts = np.bincount(index, minlength=D)
        of_units = zip(counts, mean, scale, strict=True)
        found[index] = math.prod(float(stats.norm.moment(n, m, s)) for n, m, s in of_units if n)
    return found


def _closed(mean, scale) -> float:
    """MMD^2 of N(mean, scale^2) and N(0, 1): the kernel is a sum of inner products of powers."""
    powers = {1: 3, 2: 3, 3: 1}  # of (t + 1)^3
    one = (np.zeros(D), np.ones(D))
    gaps = {n: _moments(n, mean, scale) - _moments(n, *one) for n in powers}
    return sum(times * (gaps[n] ** 2).sum() / D**n for n, times in powers.items())


@proof("KID = the U-statistic of scikit-learn's kernels")
def statistic():
    for n, d in ((9, 4), (1203, 3)):  # in one block of rows, in two
        x, y = _draws(n, 1, d)
        found, _ = kernel_distance(x, 1.5 * y + 0.4, parts_of(n, 4))
        yield close(found, _by_hand(x, 1.5 * y + 0.4), rtol=1e-9)


@proof("without each of some parts of the images: that of the others")
def without_parts():
    x, y = _draws(23, 2)
    parts = parts_of(23, 5)
    _, found = kernel_distance(x, y + 0.4, parts)
    known = [_by_hand(x[parts != part], y[parts != part] + 0.4) for part in range(5)]
    yield close(found, known, rtol=1e-9)


@proof("mean over 3,000 pairs of sets of one law = 0, of 8 images each")
def one_law():
    pairs, parts = (_draws(8, seed) for seed in range(3000)), parts_of(8, 2)
    yield mean_of([kernel_distance(x, y, parts)[0] for x, y in pairs], 0)


@proof("mean over 3,000 pairs of sets of two Gaussians = the closed form, of 8 images each")
def two_laws():
    pairs, parts = (_draws(8, seed) for seed in range(3000)), parts_of(8, 2)
    found = [kernel_distance(x, SHIFT + SCALE * y, parts)[0] for x, y in pairs]
    yield mean_of(found, _closed(SHIFT, SCALE))


@proof("of 4,000 images each: the closed form, within 4 %")
def large():
    x, y = _draws(4000)
    found, _ = kernel_distance(x, 2 + SCALE * y, parts_of(4000, 2))
    yield close(found, _closed(np.full(D, 2.0), SCALE), rtol=0.04)
