"""The kernel distance (KID) between two sets of features: MMD^2 under a cubic kernel."""

import numpy as np

BLOCK = 1000  # rows of a kernel matrix at a time


def kernel_distance(a: np.ndarray, b: np.ndarray, parts: np.ndarray) -> tuple[float, np.ndarray]:
    """MMD^2 of features [N, D] and [N, D], and what it is without each of G parts, [G].

    The unbiased estimate (Gretton 2012, eq. 3) under k(x, y) = (x.y / D + 1)^3 (Binkowski 2018):
    in the mean 0 for equal laws, whatever N, so that it may be below 0. All pairs are in it, as in
    the mean over all subsets of any one size, of which other programs draw some. parts: [N], which
    part row i of both is in, 0 to G - 1, of at most N - 2 rows each.
    """
    a, b = a.astype("float64"), b.astype("float64")
    sizes = np.bincount(parts)
    within = [_within(x, parts) for x in (a, b)]
    across = _sums(a, b, parts)
    left = len(a) - sizes
    every = sum(one.sum() / (len(a) * (len(a) - 1)) for one in within)
    every -= 2 * across.sum() / len(a) ** 2
    without = sum(_left_out(one) / (left * (left - 1)) for one in within)
    return float(every), without - 2 * _left_out(across) / left**2


def _within(x: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Sums of the kernel between the parts of one set, [G, G], a point with itself left out."""
    own = (np.sum(x**2, axis=1) / x.shape[1] + 1) ** 3
    return _sums(x, x, parts) - np.diag(np.bincount(parts, own))


def _sums(a: np.ndarray, b: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Sums of the kernel between each part of a and each of b: [G, G]."""
    is_in = np.eye(parts.max() + 1)[parts]
    found = np.zeros((is_in.shape[1],) * 2)
    for start in range(0, len(a), BLOCK):
        rows = slice(start, start + BLOCK)
        k = a[rows] @ b.T / a.shape[1] + 1
        found += is_in[rows].T @ ((k * k * k) @ is_in)
    return found


def _left_out(sums: np.ndarray) -> np.ndarray:
    """Sums [G, G] in all, without the row and the column of each part: [G]."""
    return sums.sum() - sums.sum(axis=0) - sums.sum(axis=1) + np.diag(sums)
