"""The distance between two sets of features, each taken for a Gaussian."""

import numpy as np
from scipy import linalg


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """|m_a - m_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)) of features [N, D] and [M, D], N, M > 1.

    Squared units of the features; 0 for equal means and covariances (Dowson & Landau 1982, eq. 4;
    Heusel 2017, eq. 6). The root's trace is the sum of the singular values of
    S_a^(1/2) S_b^(1/2), which singular covariances, as those of dead features, leave exact.
    """
    a, b = a.astype("float64"), b.astype("float64")
    difference = a.mean(axis=0) - b.mean(axis=0)
    s_a, s_b = (np.atleast_2d(np.cov(features, rowvar=False)) for features in (a, b))
    cross = np.sum(linalg.svdvals(_root(s_a) @ _root(s_b)))
    return float(difference @ difference + np.trace(s_a) + np.trace(s_b) - 2.0 * cross)


def frechet_without(a: np.ndarray, b: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """The distance of features [N, D] and [N, D] without each of G parts of both, [G].

    parts: [N], which part row i of both is in, 0 to G - 1, of at most N - 2 rows each.
    """
    kept = (parts != part for part in range(parts.max() + 1))
    return np.array([frechet_distance(a[rows], b[rows]) for rows in kept])


def _root(covariance: np.ndarray) -> np.ndarray:
    """The symmetric square root of a positive semi-definite matrix [D, D]."""
    values, vectors = linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
