"""An array as it lies in a file: some of its rows are read without the others."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

PIECE = 2**24  # bytes at a time: what a file declares and does not have is never allocated twice
GAP = 2**12  # bytes that are read and passed over sooner than the file is asked once more
SPAN = 2**20  # bytes with such gaps at a time: they stay in the processor's cache


def read_rows(
    stream: Any, start: int, shape: tuple[int, ...], dtype: np.dtype, positions: np.ndarray
) -> np.ndarray:
    """Rows [*shape] of an array in C order -> [n, *shape] in native byte order.

    stream: of bytes, with readinto; one that only goes forward is read once, up to the last of
    them. start: where row 0 begins; positions: [n], in any order.

    Raises EOFError where the file has become shorter.
    """
    order = np.argsort(positions, kind="stable")
    places = positions[order].astype(np.int64)  # counted in bytes below
    found = np.empty((len(positions), *shape), dtype)
    raw = found.reshape(-1).view(np.uint8).data
    width = math.prod(shape) * dtype.itemsize
    piece = np.empty((SPAN // max(1, width) + 2, *shape), dtype)
    for first, stop, is_whole in _runs(places, order, width):
        stream.seek(start + int(places[first]) * width)
        if is_whole:
            to = int(order[first]) * width
            _fill(stream, raw[to : to + (stop - first) * width])
            continue
        within = places[first:stop] - places[first]
        _fill(stream, piece[: within[-1] + 1].reshape(-1).view(np.uint8).data)
        found[order[first:stop]] = piece[within]
    return found.astype(dtype.newbyteorder("="), copy=False)


def _runs(places: np.ndarray, order: np.ndarray, width: int) -> Iterator[tuple[int, int, bool]]:
    """(first, stop, whether whole) in sorted places: rows of `width` bytes that are read at once.

    Whole: they follow each other in the file and in what is wanted. Others are close together in
    the file, so that what is in between is read as well, SPAN bytes in all at most.
    """
    is_next = (np.diff(places) == 1) & (np.diff(order) == 1)
    if is_next.all():
        yield 0, len(places), True
        return
    is_far = np.diff(places) * width > width + GAP
    is_far |= np.diff(places * width // SPAN) != 0
    starts = np.concatenate([[0], np.flatnonzero(is_far) + 1])
    stops = np.append(starts[1:], len(places))
    other = np.concatenate([[0], np.cumsum(~is_next)])
    wholes = other[stops - 1] == other[starts]
    yield from zip(starts.tolist(), stops.tolist(), wholes.tolist(), strict=True)


def in_order(array: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """array[positions], without a copy where it is in this order already."""
    return array if np.array_equal(positions, np.arange(len(array))) else array[positions]


def _fill(stream: Any, raw: memoryview) -> None:
    while raw:
        count = stream.readinto(raw[:PIECE])
        if not count:
            raise EOFError
        raw = raw[count:]
