"""Binarisation of data in [0, 1], once and for all; `dynamic` is the training feed's work."""

import numpy as np

from aecli.datasets.splits import Split, value_range
from aecli.errors import BadRequest

BLOCK = 4096  # images at a time, so that the random numbers never need more than the data


def binarized(x: np.ndarray, how: str, rng: np.random.Generator) -> np.ndarray:
    """[N, H, W, C] in [0, 1] -> uint8 0 or 255 (that is 0.0 or 1.0) of the same shape.

    fixed: each value is drawn once from Bernoulli(x), as in Larochelle and Murray (2011);
    threshold: x >= 0.5; dynamic: x is returned as it is, and drawn anew in each epoch.
    Raises BadRequest for data outside [0, 1].
    """
    low, high = value_range(Split(x))
    if low < 0 or high > 1:
        raise BadRequest(
            f"dataset.binarize={how} needs data in [0, 1]; got [{low:.4g}, {high:.4g}]: "
            "add dataset.scale=minmax or use dataset.binarize=none"
        )
    if how == "dynamic":
        return x
    result = np.empty(x.shape, np.uint8)
    for start in range(0, len(x), BLOCK):
        block = slice(start, start + BLOCK)
        p = Split(x[block]).pixels()
        # random() is in [0, 1): p = 0 is never 1, p = 1 always
        is_one = p > rng.random(p.shape, np.float32) if how == "fixed" else p >= 0.5
        result[block] = 255 * is_one
    return result
