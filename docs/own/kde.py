"""A kernel density estimate: a Gaussian around each training code."""

import dataclasses

import numpy as np
from scipy.linalg import solve_triangular
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

from aecli.samplers.base import Sampler

FLOOR = 1e-6  # of the mean variance, added to each: a constant unit is one, too
ROWS = 1000  # at a time


@dataclasses.dataclass(frozen=True, kw_only=True)
class KDE(Sampler):
    """p(x) = 1/N sum_i N(x; x_i, h^2 S), S the covariance of the N codes x_i [D].

    h = N^(-1 / (D + 4)): Scott's rule (Scott 1992), as SciPy's gaussian_kde has it.
    """

    @property
    def about(self):
        return "a Gaussian kernel a code,"

    def learn(self, x):
        n, size = x.shape
        covariance = np.cov(x.T, ddof=min(1, n - 1)).reshape(size, size)
        floor = FLOOR * np.trace(covariance) / size or FLOOR
        root = np.linalg.cholesky(covariance + floor * np.eye(size))
        return {"codes": x, "root": n ** (-1.0 / (size + 4)) * root}

    def shapes(self, size, rows):
        return {"codes": (rows, size), "root": (size, size)}

    def is_sound(self, numbers):
        return bool(np.diagonal(numbers["root"]).min() > 0)

    def draw(self, numbers, n, rng):
        codes, (of_choice, of_rows) = numbers["codes"], rng.spawn(2)
        chosen = codes[of_choice.integers(len(codes), size=n)]
        return chosen + of_rows.standard_normal(chosen.shape) @ numbers["root"].T

    def log_density(self, numbers, x):
        root = numbers["root"]
        codes, x = (solve_triangular(root, rows.T, lower=True).T for rows in (numbers["codes"], x))
        log_scale = np.log(np.diag(root)).sum() + 0.5 * len(root) * np.log(2 * np.pi)
        blocks = (x[i : i + ROWS] for i in range(0, len(x), ROWS))
        parts = [logsumexp(-0.5 * cdist(rows, codes, "sqeuclidean"), axis=1) for rows in blocks]
        return np.concatenate(parts) - log_scale - np.log(len(codes))
