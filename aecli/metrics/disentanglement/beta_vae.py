"""The score of the beta-VAE paper: which factor was the same in two examples, told by the codes."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from aecli.metrics.disentanglement.represented import Represented

BLOCK = 25_000  # examples at a time
Differences = tuple[np.ndarray, np.ndarray]  # [n, D], which factor was fixed [n]


def differences(of: Represented, n: int, pairs: int, rng: np.random.Generator) -> Differences:
    """The mean over `pairs` pairs of |z - z'| [n, D], and the factor [n] that each pair shares.

    Every other factor of the two is drawn for itself. Source: Higgins et al. 2017, section 3.
    """
    fixed = rng.integers(0, len(of.sizes), n)
    parts = []
    at_once = max(1, BLOCK // pairs)
    for start in range(0, n, at_once):
        factor = np.repeat(fixed[start : start + at_once], pairs)
        one, other = (of.drawn(len(factor), rng) for _ in range(2))
        rows = np.arange(len(factor))
        other[rows, factor] = one[rows, factor]
        gap = np.abs(of.codes(one).astype("float64") - of.codes(other))
        parts.append(gap.reshape(-1, pairs, gap.shape[1]).mean(axis=1))
    return np.concatenate(parts), fixed


def score(train: Differences, test: Differences, one_vs_rest: bool = False, seed: int = 0) -> float:
    """The share of test's factors that logistic regression, fitted to train, gets right.

    L2 penalty of strength 1, by L-BFGS; multinomial, or one classifier against the rest each.
    """
    model = LogisticRegression(
        C=1.0, tol=1e-4, fit_intercept=True, class_weight=None, solver="lbfgs", max_iter=1000,
        random_state=seed,
    )  # fmt: skip
    fitted = OneVsRestClassifier(model) if one_vs_rest else model
    fitted.fit(*train)
    return float(np.mean(fitted.predict(test[0]) == test[1]))
