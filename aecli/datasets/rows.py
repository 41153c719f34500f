"""Rows: images that stay in their file and are read when they are asked for."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

IN_PLACE_BYTES = 2 * 2**30  # a file beyond this is not loaded
SMALL_BYTES = 2**28  # a selection below this is
BLOCK = 2**24  # values at a time


class Rows:
    """What feeds, metrics and figures need of an array [N, H, W, C], without holding it.

    read: positions [n] in the file -> [n, H, W, C]. is_kept: whether a large selection stays in
    its file; what does not is read once, and its dtype is known by then. name: for messages.
    """

    def __init__(
        self, read: Callable, shape: tuple[int, ...], dtype: Any = np.uint8, positions=None,
        is_kept: bool = True, name: str = "",
    ):  # fmt: skip
        self.shape, self.dtype, self._read = shape, np.dtype(dtype), read
        self.is_kept, self.name = is_kept, name
        self._positions = positions  # None: all

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows) -> np.ndarray:
        """rows: a slice or positions [n] -> [n, H, W, C].

        Many are read a part at a time, so that what is in between does not take as much again.
        """
        at = self._at(rows)
        step = self._step(BLOCK)
        if not self.is_kept or len(at) <= step:
            return self._read(at)
        x = np.empty((len(at), *self.shape[1:]), self.dtype)
        order = np.argsort(at, kind="stable")  # so each part of the file is read once
        for start in range(0, len(at), step):
            part = order[start : start + step]
            x[part] = self._read(at[part])
        return x

    def take(self, rows: np.ndarray) -> "Rows | np.ndarray":
        """The images at these positions: read now if they are few."""
        chosen = Rows(
            self._read, (len(rows), *self.shape[1:]), self.dtype, self._at(rows),
            self.is_kept, self.name,
        )  # fmt: skip
        return chosen if self.is_kept and chosen.nbytes > SMALL_BYTES else chosen[:]

    def mapped(self, change: Callable, dtype, shape: tuple[int, ...] | None = None) -> "Rows":
        """The same rows, of which each block goes through `change` as it is read."""
        return Rows(
            lambda rows: change(self._read(rows)), shape or self.shape, dtype, self._positions,
            self.is_kept, self.name,
        )  # fmt: skip

    def blocks(self, values: int = BLOCK):
        """All images in the order of the file, about so many values at a time."""
        step = self._step(values)
        ordered = None if self._positions is None else np.sort(self._positions)
        whole = Rows(self._read, self.shape, self.dtype, ordered)
        for start in range(0, len(self), step):
            yield whole[start : start + step]

    def _step(self, values: int) -> int:
        return max(1, values // math.prod(self.shape[1:]))

    def _at(self, rows) -> np.ndarray:
        """Positions [n] in the file."""
        if self._positions is not None:
            return self._positions[rows]
        return np.arange(*rows.indices(len(self))) if isinstance(rows, slice) else np.asarray(rows)


def positions(count: int) -> np.ndarray:
    """0 .. count - 1 in as many bytes as they need: there may be a hundred million."""
    return np.arange(count, dtype=np.int32 if count < 2**31 else np.int64)


def in_blocks(x: "np.ndarray | Rows", values: int = 2**22):
    """All of an array [N, ...], about so many values at a time, in the order of its file."""
    if isinstance(x, Rows):
        yield from x.blocks(values)
        return
    step = max(1, values // max(1, math.prod(x.shape[1:])))
    for start in range(0, len(x), step):
        yield x[start : start + step]


def changed(
    x: "np.ndarray | Rows", change: Callable, shape: tuple[int, ...]
) -> "np.ndarray | Rows":
    """change(x) [N, *shape], float32; of Rows, of each block as it is read."""
    if isinstance(x, Rows):
        return x.mapped(change, np.float32, (len(x), *shape))
    return change(x)


def ends(x: "np.ndarray | Rows", axes: Any = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(smallest, largest, how many are missing) along axes of x [N, ...]; NaN are missing."""
    low, high = np.array(np.nan, np.float32), np.array(np.nan, np.float32)
    gaps = np.array(0)
    for block in in_blocks(x):
        values = block.reshape(len(block), -1) if axes == 0 else block  # axes of 1 take time
        low = np.asarray(np.fmin(low, np.fmin.reduce(values, axis=axes)))
        high = np.asarray(np.fmax(high, np.fmax.reduce(values, axis=axes)))
        gaps = np.asarray(gaps + np.count_nonzero(np.isnan(values), axis=axes))
    if axes == 0:
        low, high, gaps = (found.reshape(x.shape[1:]) for found in (low, high, gaps))
    return low, high, gaps
