"""Frozen draws: the noise of example i does not depend on how the examples are batched."""

import numpy as np

BLOCK = 256  # examples drawn from one seed


def normal_draws(n: int, shape: tuple[int, ...], start: int = 0, seed: int = 0) -> np.ndarray:
    """Standard normals for the examples start .. start + n: [n, *shape] float32.

    Rows come from fixed blocks, each with a seed of its own, so that any batching gives example i
    the same row.
    """
    first = start // BLOCK
    blocks = [
        np.random.default_rng((seed, block)).standard_normal((BLOCK, *shape), dtype=np.float32)
        for block in range(first, (start + n - 1) // BLOCK + 1)
    ]
    offset = start - first * BLOCK
    return np.concatenate(blocks)[offset : offset + n]
