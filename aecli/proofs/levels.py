"""What is known of discretized logistics by SciPy: the probability of each grey level."""

import numpy as np
from scipy import stats


def all_levels(count: int = 256) -> np.ndarray:
    """x [count, 1, 1, 1], from 0 to 1."""
    return (np.arange(count) / (count - 1)).astype("float32").reshape(-1, 1, 1, 1)


def repeated(params, count: int = 256) -> np.ndarray:
    """[count, 1, 1, params]"""
    return np.tile(np.asarray(params, "float32").reshape(1, 1, 1, -1), (count, 1, 1, 1))


def of_scipy(location: float, scale: float, count: int = 256) -> np.ndarray:
    """log p of every level, of a logistic in the data's units [0, 1]: differences of its cdf."""
    k = np.arange(count)
    lower = np.where(k == 0, -np.inf, (k - 0.5) / (count - 1))
    upper = np.where(k == count - 1, np.inf, (k + 0.5) / (count - 1))
    law = stats.logistic(location, scale)
    below = np.where(lower < location, law.cdf(upper) - law.cdf(lower), 0.0)
    beyond = np.where(lower < location, 0.0, law.sf(lower) - law.sf(upper))  # exact in its tail
    return np.log(below + beyond)
