"""The first bytes of an array in NumPy's format: all checked before anything is allocated."""

import dataclasses
import io
import math
import warnings
from typing import IO

import numpy as np

from aecli.errors import BadRequest

HEADER_BYTES = 12 + 10_000  # NumPy's own limit: Python's parser is no match for longer ones
DIMENSIONS = 32  # NumPy's arrays have at most 64
LARGEST = 2**62  # bytes; NumPy counts them in 63 bits


@dataclasses.dataclass(frozen=True)
class Header:
    """What an array's first bytes declare; `start` is where its values begin."""

    shape: tuple[int, ...]
    dtype: np.dtype
    fortran_order: bool
    start: int

    @property
    def end(self) -> int:
        return self.start + math.prod(self.shape) * self.dtype.itemsize


def read_header(stream: IO[bytes], name: str, size: int) -> Header:
    """The header of an array stored in `size` bytes.

    Raises BadRequest, or one of DAMAGE if there is no sound header.
    """
    header = _parsed(io.BytesIO(stream.read(HEADER_BYTES)))
    if header.dtype.hasobject or header.dtype.names:
        raise BadRequest(
            f"{name} holds {'Python objects' if header.dtype.hasobject else 'records'}, not "
            "numbers; store it as an array of integers or floats"
        )
    if header.end != size:
        raise BadRequest(
            f"{name} declares {header.end:,} bytes but has {size:,}: the file is truncated or "
            "damaged; delete it and fetch or write it again"
        )
    return header


def _parsed(head: IO[bytes]) -> Header:
    """Raises ValueError."""
    version = np.lib.format.read_magic(head)
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise ValueError(f"version {version}")
    parse = np.lib.format.read_array_header_1_0
    if version != (1, 0):
        parse = np.lib.format.read_array_header_2_0
    try:
        with warnings.catch_warnings(action="ignore"):  # of headers that Python 2 wrote
            shape, fortran_order, dtype = parse(head)
    except Exception:  # whatever Python's tokenizer and parser and numpy.dtype raise
        raise ValueError("header") from None
    if not all(type(n) is int and n >= 0 for n in shape) or len(shape) > DIMENSIONS:
        raise ValueError("shape")  # True is an integer to Python
    if not 0 < math.prod(max(1, n) for n in shape) * dtype.itemsize < LARGEST or dtype.subdtype:
        raise ValueError("size")
    return Header(shape, dtype, fortran_order, head.tell())
