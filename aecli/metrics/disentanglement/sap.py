"""The separated attribute predictability, from how well one code alone predicts a factor."""

from typing import Any

import numpy as np
from sklearn.svm import LinearSVC
from tqdm import trange

Sampled = tuple[np.ndarray, np.ndarray]  # codes [n, D], values [n, K]
STILL = 1e-12  # variance, below which a code predicts nothing


def gaps(scores: np.ndarray) -> np.ndarray:
    """The best minus the second best score of each factor [K], of [D, K]: SAP is their mean.

    Source: Kumar et al. 2018, section 3.
    """
    ordered = np.sort(scores, axis=0)
    return ordered[-1] - ordered[-2]


def accuracies(train: Sampled, test: Sampled, scaled: bool = False, seed: int = 0) -> np.ndarray:
    """The share of test values that a linear classifier on one code gets right: [D, K].

    A linear support vector machine, one against the rest, C = 0.01, classes balanced, fitted to
    train. scaled: whether codes have the variance 1 before (of train): C means something else for
    every other scale of them, and the intercept is part of what it shrinks.
    """
    (known, known_values), (codes, values) = train, test
    if scaled:
        mean, deviation = known.mean(0), known.std(0)
        deviation = np.where(deviation > 0, deviation, 1.0)
        known, codes = ((a - mean) / deviation for a in (known, codes))
    primal: Any = False  # where scikit-learn's own default is a word
    found = np.empty((codes.shape[1], values.shape[1]))
    for d in trange(
        found.shape[0], desc="sap", unit="code unit", leave=False, delay=1, disable=None
    ):
        for k in range(found.shape[1]):
            machine = LinearSVC(
                penalty="l2", loss="squared_hinge", dual=primal, tol=1e-4, C=0.01,
                multi_class="ovr", fit_intercept=True, intercept_scaling=1,
                class_weight="balanced", max_iter=1000, random_state=seed,
            )  # fmt: skip
            machine.fit(known[:, [d]], known_values[:, k])
            found[d, k] = np.mean(machine.predict(codes[:, [d]]) == values[:, k])
    return found


def explained(codes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The squared correlation [D, K] of codes [n, D] and factors [n, K], taken as numbers.

    R^2 of a linear regression on one code; 0 where a code does not vary.
    """
    centred, factors = codes - codes.mean(0), values - values.mean(0)
    covariance = centred.T @ factors / (len(codes) - 1)
    variances = [(a**2).sum(0) / (len(codes) - 1) for a in (centred, factors)]
    moves = variances[0] > STILL
    found = np.zeros(covariance.shape)
    found[moves] = covariance[moves] ** 2 / np.outer(variances[0][moves], variances[1])
    return found
