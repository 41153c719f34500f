"""Scaling of each column to a uniform distribution on [0, 1], by its quantiles in training."""

import dataclasses

import numpy as np

KNOTS = 256  # quantiles that are kept of a column, fewer of fewer rows


@dataclasses.dataclass(frozen=True)
class Quantiles:
    """As scikit-learn's QuantileTransformer with a uniform distribution; linear between knots.

    knots: [K, n] float32, rising; at: the n of the numbers of an example [1, W, 1] that are scaled.
    What lies beyond the training's values is as the nearest of them.
    """

    knots: np.ndarray
    at: np.ndarray

    @classmethod
    def fitted(cls, x: np.ndarray, per: str, numbers: np.ndarray | None) -> "Quantiles":
        """By the training part x [N, 1, W, 1] float32; NaN do not count.

        per: feature, or global for the quantiles of all values together. numbers: [W] bool, which
        are scaled; None for all.
        """
        flat = x.reshape(len(x), -1)
        at = np.arange(flat.shape[1]) if numbers is None else np.flatnonzero(numbers)
        flat = flat[:, at]
        share = np.linspace(0, 100, max(2, min(KNOTS, len(x))))
        if per == "feature":
            knots = np.stack([np.nanpercentile(column, share) for column in flat.T], axis=1)
        else:
            knots = np.nanpercentile(flat, share)[:, None].repeat(len(at), axis=1)
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
