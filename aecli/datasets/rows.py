"""Rows: images that stay in their file and are read when they are asked for."""

import math
from collections.abc import Callable

import numpy as np

IN_PLACE_BYTES = 2 * 2**30  # a file beyond this is not loaded
SMALL_BYTES = 2**28  # a selection below this is


class Rows:
    """What feeds, metrics and figures need of an array [N, H, W, C], without holding it.

    read: positions [n] in the file -> [n, H, W, C].
    """

    def __init__(self, read: Callable, shape: tuple[int, ...], dtype, positions=None):
        self.shape, self.dtype, self._read = shape, np.dtype(dtype), read
        self._positions = np.arange(shape[0]) if positions is None else positions

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows) -> np.ndarray:
        """rows: a slice or positions [n] -> [n, H, W, C]."""
        return self._read(self._positions[rows])

    def take(self, rows: np.ndarray) -> "Rows | np.ndarray":
        """The images at these positions: read now if they are few."""
        chosen = Rows(self._read, (len(rows), *self.shape[1:]), self.dtype, self._positions[rows])
        return chosen[:] if chosen.nbytes <= SMALL_BYTES else chosen

    def mapped(self, change: Callable, dtype) -> "Rows":
        """The same rows, of which each block goes through `change` as it is read."""
        return Rows(lambda rows: change(self._read(rows)), self.shape, dtype, self._positions)

    def blocks(self, values: int = 2**24):
        """All images in the order of the file, about so many values at a time."""
        step = max(1, values // math.prod(self.shape[1:]))
        positions = np.sort(self._positions)
        for start in range(0, len(self), step):
            yield self._read(positions[start : start + step])
