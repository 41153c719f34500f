"""Scaling to [0, 1] or to mean 0 and standard deviation 1, by the training part alone."""

import dataclasses
from collections.abc import Callable

import numpy as np

from aecli.datasets.quantiles import Quantiles
from aecli.errors import BadRequest

BLOCK = 2**24  # values at a time
QUARTILES = (25, 50, 75)
SCALES = ("minmax", "standard", "robust", "quantile")


@dataclasses.dataclass(frozen=True)
class Scaling:
    """x -> (x - offset) / divisor, float32.

    Both are numbers [], one a channel [C] or one a feature [H, W, C].
    """

    offset: np.ndarray
    divisor: np.ndarray

    @classmethod
    def fitted(
        cls, x: np.ndarray, how: str, per: str, numbers: np.ndarray | None = None
    ) -> "Scaling":
        """By the training part x [N, H, W, C] float32; numbers: [W] bool, None for all of them.

        how: minmax, to [0, 1]; standard, to mean 0 and standard deviation 1; or robust, to median 0
        and interquartile range 1, as scikit-learn's RobustScaler. per: feature,
        channel or global. What is constant in the training part becomes 0 there; NaN are points
        that are missing, and do not count.
        """
        if numbers is not None and not numbers.all():
            return cls.fitted(x[:, :, numbers], how, per)._among(numbers)
        axes = {"feature": 0, "channel": (0, 1, 2)}.get(per)
        low, high = np.nanmin(x, axis=axes), np.nanmax(x, axis=axes)
        if how == "minmax":
            with np.errstate(over="ignore"):
                return cls._of(low, high - low, low == high)
        if how == "robust":
            lower, middle, upper = _quartiles(x, per)
            return cls._of(middle, upper - lower, low == high)
        mean = _mean(x, axes).astype(np.float32)
        with np.errstate(over="ignore"):  # found as infinity
            deviation = np.sqrt(_mean(x, axes, lambda block: np.square(block - mean)))
        return cls._of(mean, deviation, low == high)

    @classmethod
    def _of(cls, offset, divisor, constant) -> "Scaling":
        with np.errstate(over="ignore"):
            offset, divisor = np.asarray(offset, np.float32), np.asarray(divisor, np.float32)
        # a spread too small for float32 is none
        return cls(offset, np.where(constant | (divisor == 0), np.float32(1), divisor))

    def _among(self, numbers: np.ndarray) -> "Scaling":
        """The same of [1, W, 1] values, of which the others stay as they are."""
        offset = np.zeros((1, len(numbers), 1), np.float32)
        divisor = np.ones_like(offset)
        offset[:, numbers], divisor[:, numbers] = self.offset, self.divisor
        return Scaling(offset, divisor)

    @property
    def size(self) -> int:
        """How many numbers have a scale of their own."""
        return self.offset.size

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """[N, H, W, C] float32 -> the same, scaled."""
        scaled = x - self.offset
        scaled /= self.divisor
        return scaled

    def undone(self, x: np.ndarray) -> np.ndarray:
        """What was scaled, in its own unit again."""
        return x * self.divisor + self.offset


def _mean(x: np.ndarray, axes, change: Callable = np.asarray) -> np.ndarray:
    """The mean of change(x) in float64, NaN left out; of much a part of the rows at a time."""
    if x.size <= BLOCK:
        return np.nanmean(change(x), axis=axes, dtype=np.float64)
    rows, total, count = max(1, BLOCK * len(x) // x.size), np.float64(0), 0
    for start in range(0, len(x), rows):
        block = change(x[start : start + rows])
        total = total + np.nansum(block, axis=axes, dtype=np.float64)
        count = count + np.count_nonzero(~np.isnan(block), axis=axes)
    return np.asarray(total / count)


def _quartiles(x: np.ndarray, per: str) -> np.ndarray:
    """[3, ...], NaN left out; of a table a column at a time."""
    if per == "feature" and x.size > BLOCK:
        columns = x.reshape(len(x), -1).T
        found = [np.nanpercentile(column, QUARTILES) for column in columns]
        return np.stack(found, axis=1).reshape(3, *x.shape[1:])
    axes = {"feature": 0, "channel": (0, 1, 2)}.get(per)
    return np.nanpercentile(x, QUARTILES, axis=axes)


def fitted(
    origin: str, x: np.ndarray, how: str, per: str, numbers: np.ndarray | None = None
) -> Scaling | Quantiles:
    """One of SCALES by the training part x; the rest as of Scaling.fitted. Raises BadRequest."""
    if how == "quantile":
        return Quantiles.fitted(x, per, numbers)
    found = Scaling.fitted(x, how, per, numbers)
    if not (np.isfinite(found.offset).all() and np.isfinite(found.divisor).all()):
        raise BadRequest(
            f"dataset.scale: the values of {origin} spread over more than float32 holds\n"
            "divide them by a constant of your own first"
        )
    return found
