"""Frozen draws: the noise of example i does not depend on how the examples are batched."""

import numpy as np

BLOCK = 256  # examples drawn from one seed


def frozen_draws(
    shapes: dict[str, tuple[int, ...]], n: int, start: int = 0, seed: int = 0
) -> dict[str, np.ndarray]:
    """{name: [n, *shape]} of the examples start .. start + n of a split in evaluation."""
    return {
        name: normal_draws(int(n), shape, int(start), seed if i == 0 else (seed, i))
        for i, (name, shape) in enumerate(shapes.items())
    }


def normal_draws(
    n: int, shape: tuple[int, ...], start: int = 0, seed: int | tuple[int, ...] = 0
) -> np.ndarray:
    """Standard normals for the examples start .. start + n: [n, *shape] float32.

    Rows come from fixed blocks, each with a seed of its own, so that any batching gives example i
    the same row.
    """
    first, entropy = start // BLOCK, seed if isinstance(seed, tuple) else (seed,)
    blocks = [
        np.random.default_rng((*entropy, block)).standard_normal((BLOCK, *shape), dtype=np.float32)
        for block in range(first, (start + n - 1) // BLOCK + 1)
    ]
    offset = start - first * BLOCK
    return np.concatenate(blocks)[offset : offset + n]
