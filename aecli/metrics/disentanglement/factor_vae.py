"""The score of the FactorVAE paper: which factor is fixed, told by the code that varies least."""

import numpy as np

from aecli.metrics.disentanglement.represented import Represented

BLOCK = 25_000  # examples at a time


def votes(
    of: Represented, everywhere: np.ndarray, active: np.ndarray, n: int, size: int,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """How often each code [D] varied least where each factor [K] was fixed: counts [K, D] of n.

    A vote: `size` examples share one value of one factor, and the code whose variance among them
    is smallest, as a share of its variance everywhere [D], is counted. active: which codes [D] may
    be; the others have no votes. Source: Kim & Mnih 2018, section 4.
    """
    candidates = np.flatnonzero(active)
    found = np.zeros((len(of.sizes), len(active)), np.int64)
    fixed = rng.integers(0, len(of.sizes), n)
    at_once = max(1, BLOCK // size)
    for start in range(0, n, at_once):
        factor = fixed[start : start + at_once]
        values = of.drawn(len(factor) * size, rng).reshape(len(factor), size, -1)
        groups = np.arange(len(factor))
        values[groups, :, factor] = values[groups, 0, factor][:, None]
        codes = of.codes(values.reshape(-1, len(of.sizes))).astype("float64")
        local = codes.reshape(len(factor), size, -1).var(axis=1, ddof=1)
        least = candidates[np.argmin(local[:, active] / everywhere[active], axis=1)]
        np.add.at(found, (factor, least), 1)
    return found


def accuracy(train: np.ndarray, test: np.ndarray) -> float:
    """The share of test's votes [K, D] that are for the factor with most of train's votes."""
    factor = np.argmax(train, axis=0)
    return float(test[factor, np.arange(test.shape[1])].sum() / test.sum())


def score(
    of: Represented, n: int, n_test: int, size: int, n_variance: int, threshold: float,
    rng: np.random.Generator,
) -> tuple[float, int]:  # fmt: skip
    """The accuracy of the majority vote, and how many codes took part: 0, 0 where none does.

    n votes make it and n_test judge it, of `size` examples each; n_variance examples give the
    variances everywhere, divided by n - 1. threshold: standard deviation below which a code takes
    no part; one that never varies does not anyway.
    """
    codes, _ = of.sample(n_variance, rng)
    everywhere = codes.var(axis=0, ddof=1)
    active = (np.ptp(codes, axis=0) > 0) & (np.sqrt(everywhere) >= threshold)
    if not active.any():
        return 0.0, 0
    train, test = (votes(of, everywhere, active, count, size, rng) for count in (n, n_test))
    return accuracy(train, test), int(active.sum())
