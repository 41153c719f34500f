"""Scaling of each column to a uniform distribution on [0, 1], by its quantiles in training."""

import dataclasses
from typing import Any

import numpy as np

from aecli.datasets.rows import Rows, changed, in_blocks
from aecli.datasets.splits import Array
from aecli.errors import BadRequest

KNOTS = 256  # quantiles that are kept of a column, fewer of fewer rows
COLUMNS = 2**26  # values of whole columns that are in memory at a time


@dataclasses.dataclass(frozen=True)
class Quantiles:
    """As scikit-learn's QuantileTransformer with a uniform distribution; linear between knots.

    knots: [K, n] float32, rising; at: the n of the numbers of an example [1, W, 1] that are scaled.
    What lies beyond the training's values is as the nearest of them.
    """

    knots: np.ndarray
    at: np.ndarray

    @classmethod
    def fitted(cls, x: Array, per: str, numbers: np.ndarray | None) -> "Quantiles":
        """By the training part x [N, 1, W, 1] float32; NaN do not count.

        per: feature, or global for the quantiles of all values together. numbers: [W] bool, which
        are scaled; None for all.
        """
        at = np.arange(x.shape[2]) if numbers is None else np.flatnonzero(numbers)
        taken = changed(x, lambda rows: rows[:, :, at], (1, len(at), 1))
        share = np.linspace(0, 100, max(2, min(KNOTS, len(x))))
        knots = of_columns(taken, share, per).reshape(len(share), -1)
        knots = knots if per == "feature" else knots.repeat(len(at), axis=1)
        knots = np.maximum.accumulate(knots.astype(np.float32), axis=0)
        return cls(knots, at)

    @property
    def size(self) -> int:
        """How many numbers are kept."""
        return self.knots.size

    @property
    def references(self) -> np.ndarray:
        """What the knots become: [K]."""
        return np.linspace(0, 1, len(self.knots))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """[N, 1, W, 1] float32 -> the same, scaled. Of values alike, the middle of their shares."""
        made, shares = x.copy(), self.references
        for place, knots in zip(self.at, self.knots.T, strict=True):
            column = x[:, 0, place, 0]
            upper = np.interp(column, knots, shares)
            lower = np.interp(-column, -knots[::-1], -shares[::-1])
            scaled = np.where(column == knots[-1], 1.0, 0.5 * (upper - lower))
            made[:, 0, place, 0] = np.where(column == knots[0], 0.0, scaled)
        return made

    def undone(self, x: np.ndarray) -> np.ndarray:
        """What was scaled, in its own unit again."""
        made = x.copy()
        for place, knots in zip(self.at, self.knots.T, strict=True):
            made[:, 0, place, 0] = np.interp(x[:, 0, place, 0], self.references, knots)
        return made


def of_columns(x: Array, share: Any, per: str) -> np.ndarray:
    """The quantiles of x [N, H, W, C] at `share` [K] percent, NaN left out: [K, ...].

    per: feature, channel or global. Of what stays in its file some columns are read at a time.
    Raises BadRequest where that does not do.
    """
    width = x.size // len(x)
    if per != "feature":
        if isinstance(x, Rows):
            raise BadRequest(
                f"dataset.scale_per={per}: quantiles of all values together need them in memory\n"
                "take dataset.scale_per=feature, or dataset.scale=standard"
            )
        return np.nanpercentile(x, share, axis=(0, 1, 2) if per == "channel" else None)
    found, step = [], max(1, COLUMNS // len(x))
    for first in range(0, width, step):
        columns = np.empty((min(step, width - first), len(x)), np.float32)
        start = 0
        for block in in_blocks(x):
            flat = block.reshape(len(block), -1)[:, first : first + step]
            columns[:, start : start + len(block)] = flat.T
            start += len(block)
        found += [np.nanpercentile(column, share) for column in columns]
    return np.stack(found, axis=1).reshape(len(share), *x.shape[1:])
