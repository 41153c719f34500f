"""Sums that do not depend on the order of what is added, nor on how it is cut into blocks."""

from collections.abc import Callable, Iterable

import numpy as np

BITS = 26  # of each of two whole numbers that stand for a value: 2**26 of them sum without rounding
PIECE = 2**17  # values at a time: they stay in the processor's cache


class Total:
    """The sum of float32 values [n, ...] along axes, NaN left out.

    most: no value is larger, [...] or [] as the sum; to 2**-53 of it each value counts. So the
    result has fewer wrong digits than a float64 that is added to.
    """

    def __init__(self, most: np.ndarray, axes: int | tuple[int, ...] | None):
        self._axes, self._is_finite = axes, np.isfinite(most)
        exponent = np.frexp(np.where(self._is_finite, most, 0))[1]
        self._unit = np.ldexp(1.0, exponent - BITS)
        self._sums = [np.zeros(np.shape(most), np.int64) for _ in range(2)]
        self.count = np.zeros(np.shape(most), np.int64)

    def add(self, block: np.ndarray) -> None:
        """Some of the values."""
        step = max(1, PIECE * len(block) // max(1, block.size))
        for start in range(0, len(block), step):
            values = block[start : start + step] / self._unit
            gaps = np.isnan(values)
            self.count += np.prod(values.shape) // max(1, self.count.size)
            if gaps.any():
                values[gaps] = 0
                self.count -= np.count_nonzero(gaps, axis=self._axes)
            high = np.rint(values)
            values -= high
            values *= 2.0**BITS
            for total, part in zip(self._sums, (high, np.rint(values, out=values)), strict=True):
                total += self._summed(part).astype(np.int64)

    def _summed(self, part: np.ndarray) -> np.ndarray:
        """Of whole numbers: exact in any order."""
        if self._axes == 0 and part.ndim > 1:
            return (np.ones(len(part)) @ part.reshape(len(part), -1)).reshape(part.shape[1:])
        return np.asarray(part.sum(axis=self._axes))

    @property
    def mean(self) -> np.ndarray:
        """float64; NaN of nothing, infinite where `most` is."""
        high, low = self._sums
        with np.errstate(invalid="ignore", divide="ignore"):
            found = (high + low * 2.0**-BITS) * self._unit / self.count
        return np.where(self._is_finite, found, np.inf)


def mean(
    blocks: Iterable[np.ndarray],
    most: np.ndarray,
    axes: int | tuple[int, ...] | None,
    change: Callable = np.asarray,
) -> np.ndarray:
    """The mean of change(x) along axes in float64, NaN left out; most: of Total."""
    total = Total(most, axes)
    for block in blocks:
        total.add(change(block))
    return total.mean
