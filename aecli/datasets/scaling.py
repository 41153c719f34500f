"""Scaling to [0, 1] or to mean 0 and standard deviation 1, by the training part alone."""

import dataclasses

import numpy as np

from aecli.datasets import exact, quantiles
from aecli.datasets.quantiles import Quantiles
from aecli.datasets.rows import changed, ends, in_blocks
from aecli.datasets.splits import Array
from aecli.errors import BadRequest

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
    def fitted(cls, x: Array, how: str, per: str, numbers: np.ndarray | None = None) -> "Scaling":
        """By the training part x [N, H, W, C] float32; numbers: [W] bool, None for all of them.

        how: minmax, to [0, 1]; standard, to mean 0 and standard deviation 1; or robust, to median 0
        and interquartile range 1, as scikit-learn's RobustScaler. per: feature,
        channel or global. What is constant in the training part becomes 0 there; NaN are points
        that are missing, and do not count.
        """
        if numbers is not None and not numbers.all():
            shape = x.shape[1], int(numbers.sum()), x.shape[3]
            taken = changed(x, lambda rows: rows[:, :, numbers], shape)
            return cls.fitted(taken, how, per)._among(numbers)
        axes = {"feature": 0, "channel": (0, 1, 2)}.get(per)
        low, high, _ = ends(x, axes)
        if how == "minmax":
            with np.errstate(over="ignore"):
                return cls._of(low, high - low, low == high)
        if how == "robust":
            lower, middle, upper = quantiles.of_columns(x, QUARTILES, per)
            return cls._of(middle, upper - lower, low == high)
        mean = exact.mean(in_blocks(x), np.fmax(-low, high), axes).astype(np.float32)

        def squared(block: np.ndarray) -> np.ndarray:
            return np.square(block - mean)

        with np.errstate(over="ignore"):  # found as infinity
            most = np.fmax(squared(low), squared(high))
            deviation = np.sqrt(exact.mean(in_blocks(x), most, axes, squared))
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


def fitted(
    origin: str, x: Array, how: str, per: str, numbers: np.ndarray | None = None
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
