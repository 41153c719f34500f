"""The safetensors file of a training state: read piece by piece, whatever it claims to hold.

Eight bytes with the length of the header, the header (JSON: each tensor's type, shape and place),
then the numbers, one tensor after the other.
"""

import dataclasses
import hashlib
import json
import math
import os
import pathlib
from typing import Any, BinaryIO

import ml_dtypes
import numpy as np

from aecli.errors import BadRequest

MAX_HEADER_BYTES = 32 * 2**20  # as of history.csv, whose rows are in it: 100,000 epochs
MAX_NAMES = 100_000
BLOCK = 2**22  # bytes that are read at a time
TYPES = {
    "F64": np.float64, "F32": np.float32, "F16": np.float16, "BF16": ml_dtypes.bfloat16,
    "I64": np.int64, "I32": np.int32, "I16": np.int16, "I8": np.int8,
    "U64": np.uint64, "U32": np.uint32, "U16": np.uint16, "U8": np.uint8, "BOOL": np.bool_,
}  # fmt: skip


class Malformed(ValueError):
    """It is not a whole safetensors file."""


@dataclasses.dataclass(frozen=True)
class Stored:
    """A tensor that stays in its file until NumPy asks for it: np.asarray(stored).

    Raises BadRequest then if the file is another by now.
    """

    path: pathlib.Path
    identity: tuple[int, ...]
    start: int
    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        with open(self.path, "rb") as file:
            if _identity(file) != self.identity:
                raise BadRequest(f"{self.path} was changed while it was read: try again")
            values = np.empty(self.shape, self.dtype)
            file.seek(self.start)
            raw = values.reshape(-1).view(np.uint8).data
            if values.nbytes and file.readinto(raw) != values.nbytes:
                raise BadRequest(f"{self.path} was cut while it was read")
        return values if dtype is None else values.astype(dtype)


@dataclasses.dataclass(frozen=True)
class Content:
    """meta: the header's texts; tensors: {name: what stays in the file}."""

    meta: dict[str, Any]
    tensors: dict[str, Stored]


def read(path: pathlib.Path) -> Content:
    """The header, checked against the size of the file. Raises Malformed, OSError."""
    with open(path, "rb") as file:
        identity, size = _identity(file), os.fstat(file.fileno()).st_size
        length = int.from_bytes(file.read(8), "little")
        if length > min(MAX_HEADER_BYTES, size - 8):
            raise Malformed("the length of its header")
        try:
            header = json.loads(file.read(length))
            meta = header.pop("__metadata__")
            if len(header) > MAX_NAMES:
                raise Malformed("more tensors than any model has")
            tensors = {
                name: _stored(path, identity, 8 + length, entry) for name, entry in header.items()
            }
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
            raise Malformed("its header") from error
    end = 8 + length
    for stored in sorted(tensors.values(), key=lambda s: (s.start, s.nbytes)):
        if stored.start != end:
            raise Malformed("a gap between its tensors")
        end += stored.nbytes
    if end != size:
        raise Malformed("its size")
    return Content(meta, tensors)


def digest(tensors: dict[str, Any], text: str) -> str:
    """SHA-256 of a text and of each tensor's name, type, shape and bytes."""
    found = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        value = tensors[name]
        shape, dtype = tuple(value.shape), np.dtype(value.dtype)
        found.update(f"{name} {dtype.str} {shape}".encode())
        if isinstance(value, Stored):
            _add(found, value)
        else:
            value = np.ascontiguousarray(value)
            found.update(value.data if value.ndim else value.tobytes())
    return found.hexdigest()


def _add(found, stored: Stored) -> None:
    """Block by block: a file may declare more than fits into memory."""
    with open(stored.path, "rb") as file:
        file.seek(stored.start)
        for start in range(0, stored.nbytes, BLOCK):
            found.update(file.read(min(BLOCK, stored.nbytes - start)))


def _stored(path: pathlib.Path, identity: tuple, first: int, entry: dict) -> Stored:
    """Raises ValueError, KeyError or TypeError where the entry is none."""
    (start, end), shape, dtype = entry["data_offsets"], entry["shape"], TYPES[entry["dtype"]]
    if not all(type(n) is int and n >= 0 for n in (start, end, *shape)) or len(shape) > 32:
        raise ValueError
    stored = Stored(path, identity, first + start, tuple(shape), np.dtype(dtype))
    if stored.nbytes != end - start:
        raise ValueError
    return stored


def _identity(file: BinaryIO) -> tuple[int, ...]:
    found = os.fstat(file.fileno())
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
