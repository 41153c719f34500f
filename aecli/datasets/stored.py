"""An array as it lies in a file: some of its rows are read without the others."""

import math
from typing import Any

import numpy as np

PIECE = 2**24  # bytes at a time: what a file declares and does not have is never allocated twice


def read_rows(
    stream: Any, start: int, shape: tuple[int, ...], dtype: np.dtype, positions: np.ndarray
) -> np.ndarray:
    """Rows [*shape] of an array in C order -> [n, *shape] in native byte order.

    stream: of bytes, with readinto; one that only goes forward is read once, up to the last of
    them. start: where row 0 begins; positions: [n], in any order.

    Raises EOFError where the file has become shorter.
    """
    order = np.argsort(positions, kind="stable")
    places = positions[order]
    found = np.empty((len(positions), *shape), dtype)
    raw = found.reshape(-1).view(np.uint8).data
    width = math.prod(shape) * dtype.itemsize
    breaks = np.flatnonzero((np.diff(places) != 1) | (np.diff(order) != 1)) + 1
    for first, stop in zip([0, *breaks], [*breaks, len(order)], strict=True):  # one after another
        stream.seek(start + int(places[first]) * width)
        to = int(order[first]) * width
        _fill(stream, raw[to : to + int(stop - first) * width])
    return found.astype(dtype.newbyteorder("="), copy=False)


def in_order(array: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """array[positions], without a copy where it is in this order already."""
    return array if np.array_equal(positions, np.arange(len(array))) else array[positions]


def _fill(stream: Any, raw: memoryview) -> None:
    while raw:
        count = stream.readinto(raw[:PIECE])
        if not count:
            raise EOFError
        raw = raw[count:]
