"""What is proved of a density over two numbers: sums on a grid, and its draws."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from aecli.proofs.base import Finding, at_least, close, mean_of, same

SIDE = np.linspace(-12, 12, 361)


def integrates_and_draws(
    log_prob: Callable, sample: Callable[[int, int], Any]
) -> Iterable[Finding]:
    """It sums to 1; its draws have its moments and its entropy, and are a seed's.

    log_prob: of z [N, 2] in nats [N]; sample: (n, seed) -> [n, 2].
    """
    z = np.stack(np.meshgrid(SIDE, SIDE), -1).reshape(-1, 2).astype("float32")
    cell = (SIDE[1] - SIDE[0]) ** 2
    p = np.exp(np.asarray(log_prob(z), "float64")) * cell
    yield close(p.sum(), 1, atol=2e-3)
    drawn = np.asarray(sample(20_000, 0))
    mean = p @ z
    yield mean_of(drawn, mean)
    products = (drawn - mean)[:, :, None] * (drawn - mean)[:, None, :]
    yield mean_of(products, (z - mean).T @ (p[:, None] * (z - mean)))
    entropy = -(p * np.log(np.maximum(p / cell, 1e-300))).sum()
    yield mean_of(-np.asarray(log_prob(drawn), "float64"), entropy)
    yield same(sample(9, 0), np.asarray(sample(9, 0)))
    yield at_least(np.abs(np.asarray(sample(9, 0)) - np.asarray(sample(9, 1))).max(), 1e-3)
