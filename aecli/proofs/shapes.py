"""Codes of known laws, and sums on a grid, for the densities that are fitted to codes."""

import numpy as np


def banana(n: int, seed: int = 0) -> np.ndarray:
    """[n, 2]: a, and a^2 with noise; its mean log p is -1.63 nats."""
    a, b = np.random.default_rng(seed).standard_normal((2, n))
    return np.stack([a, a**2 + 0.3 * b], axis=1)


def clusters(n: int = 2000) -> np.ndarray:
    """[n, 3] of two well separated Gaussians, 0.2 and 0.8 of them, far from the origin."""
    rng = np.random.default_rng(0)
    which = rng.random(n) < 0.2
    spread = np.array([[1.0, 0.9, 0], [0, 0.3, 0], [0, 0, 0.05]])
    return 1e-3 * (rng.standard_normal((n, 3)) @ spread + np.where(which[:, None], 20, -5))


def grid(low, high, steps: int = 300) -> tuple[np.ndarray, float]:
    """[steps ** 2, 2] points, and the area that each stands for."""
    sides = [np.linspace(a, b, steps) for a, b in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1).reshape(-1, 2)
    return points, float(np.prod([side[1] - side[0] for side in sides]))


def mean_and_covariance(p: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of points [N, D] with probabilities [N]."""
    mean = p @ points
    return mean, (points - mean).T @ (p[:, None] * (points - mean))
