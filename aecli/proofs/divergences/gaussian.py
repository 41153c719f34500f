"""Proofs of what is known of Gaussians in closed form."""

import numpy as np
from scipy import stats

from aecli import divergences
from aecli.proofs.base import at_most, close, proof, same

GRID = np.linspace(-30, 30, 60_001)
CELL = GRID[1] - GRID[0]


def _parts(count: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, *shape)).astype("float32")


def _log(mean, log_var) -> np.ndarray:
    """log N(grid; mean, exp(log_var)): [..., grid]."""
    return stats.norm.logpdf(GRID, mean[..., None], np.exp(0.5 * log_var[..., None]))


def _kl(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    return (np.exp(p) * (p - q)).sum(-1) * CELL


@proof("KL to N(0, 1) of each unit = its integral on a grid")
def kl_of_units():
    mean, log_var = _parts(2, 4, 3)
    known = _kl(_log(mean, log_var), stats.norm.logpdf(GRID))
    yield close(divergences.gaussian_kl_of_units(mean, log_var), known, rtol=1e-4, atol=1e-5)
    yield same(divergences.gaussian_kl_of_units(np.zeros(3), np.zeros(3)), 0)


@proof("KL of an example = the sum over its units, of a grid code as well")
def kl():
    mean, log_var = _parts(2, 4, 3, 2)
    known = np.asarray(divergences.gaussian_kl_of_units(mean, log_var)).sum((1, 2))
    return close(divergences.gaussian_kl(mean, log_var), known, rtol=1e-5)


@proof("KL between two Gaussians = its integral on a grid")
def kl_between():
    parts = _parts(4, 4, 3)
    known = _kl(_log(*parts[:2]), _log(*parts[2:]))
    yield close(divergences.gaussian_kl_between_units(*parts), known, rtol=1e-4, atol=1e-5)
    yield same(divergences.gaussian_kl_between_units(*parts[:2], *parts[:2]), 0)


@proof("merged Gaussian = moments of the product of both, on a grid")
def merged():
    parts = _parts(4, 5)
    weights = np.exp(_log(*parts[:2]) + _log(*parts[2:]))
    weights /= weights.sum(-1, keepdims=True)
    mean = (weights * GRID).sum(-1)
    variance = (weights * (GRID - mean[:, None]) ** 2).sum(-1)
    found = [np.asarray(part) for part in divergences.merged_gaussians(*parts)]
    yield close(found[0], mean, atol=1e-5)
    yield close(found[1], np.log(variance), atol=1e-4)
    mean, log_var = parts[:2]
    flat = divergences.merged_gaussians(mean, log_var, 0.3, 80.0)
    yield close([np.asarray(one) for one in flat], parts[:2], atol=1e-5)


@proof("log N(x) = SciPy's, summed over all but the first axis")
def log_prob():
    x, mean, log_var = _parts(3, 5, 2, 3)
    known = stats.norm.logpdf(x, mean, np.exp(0.5 * log_var)).sum((1, 2))
    yield close(divergences.gaussian_log_prob(x, mean, log_var), known, rtol=1e-5)
    known = stats.norm.logpdf(x, mean, np.exp(0.25)).sum((1, 2))
    yield close(divergences.gaussian_log_prob(x, mean, 0.5), known, rtol=1e-5)


@proof("log of a mixture = that of SciPy's densities, weighted")
def mixture():
    x, (mean, log_var) = _parts(1, 6, 2, 2)[0], _parts(2, 4, 2, 2)
    log_weights = np.log([0.4, 0.3, 0.2, 0.1]).astype("float32")
    each = stats.norm.logpdf(x[:, None], mean, np.exp(0.5 * log_var)).sum((2, 3))
    known = np.log((np.exp(each) * np.exp(log_weights)).sum(1))
    found = divergences.gaussian_mixture_log_prob(x, mean, log_var, log_weights)
    yield close(found, known, rtol=1e-4)
    far = divergences.gaussian_mixture_log_prob(x + 100, mean, log_var, log_weights)
    yield at_most(np.max(far), -1000)


@proof("sum of an example = NumPy's over its other axes")
def sums():
    x = _parts(1, 3, 2, 2)[0]
    return close(divergences.sum_per_example(x), x.sum((1, 2)), atol=1e-5)
