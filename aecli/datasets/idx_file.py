"""IDX, the format of MNIST's files (LeCun, Cortes and Burges), plain or gzipped.

Big-endian: two zero bytes, a type code, the number of dimensions, each dimension as uint32, data.
"""

import functools
import hashlib
import math
import pathlib
import struct
from collections.abc import Callable

import numpy as np

from aecli.datasets.rows import Rows
from aecli.datasets.source_file import (
    DAMAGE,
    MAX_BYTES,
    MAX_RATIO,
    check_unpacked,
    is_gzip,
    open_bytes,
)
from aecli.datasets.stored import in_order, read_rows
from aecli.errors import BadRequest

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
DIMENSIONS = 4  # [N, H, W, C]


def read_idx(path: pathlib.Path, most: int | None = None) -> np.ndarray:
    """The array of an IDX file, of at most so many bytes. Raises BadRequest that names the file."""
    return _reading(path, lambda stream: _read(stream, path, most or MAX_BYTES))


def idx_rows(path: pathlib.Path) -> Rows:
    """The array of an IDX file, read no further than the last row asked for. Raises BadRequest."""
    shape, dtype = _reading(path, lambda stream: _header(stream, path, MAX_BYTES))
    start = 4 + 4 * len(shape)

    def read(positions: np.ndarray) -> np.ndarray:
        if len(positions) == shape[0]:
            return in_order(read_idx(path), positions)
        take = functools.partial(read_rows, positions=positions)
        return _reading(path, lambda stream: take(stream, start, shape[1:], dtype))

    return Rows(read, shape, dtype.newbyteorder("="), is_kept=False, name=str(path))


def _reading(path: pathlib.Path, read: Callable):
    """What `read` makes of the bytes of a file. Raises BadRequest."""
    try:
        with open_bytes(path) as stream:
            return read(stream)
    except BadRequest:
        raise
    except DAMAGE:
        raise BadRequest(
            f"{path} is truncated or damaged ({path.stat().st_size:,} bytes): "
            "delete it and fetch it again"
        ) from None


def _read(stream, path: pathlib.Path, most: int) -> np.ndarray:
    shape, dtype = _header(stream, path, most)
    size = math.prod(shape) * dtype.itemsize
    data = stream.read(size + 1)
    if len(data) != size:
        raise _other_size(path, size, shape, data)
    return np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def _header(stream, path: pathlib.Path, most: int) -> tuple[tuple[int, ...], np.dtype]:
    """(shape, dtype); the file can have as many bytes as they need, and may."""
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in TYPES or magic[3] == 0:
        raise BadRequest(
            f"{path} is not an IDX file: it begins with {magic.hex(' ')}, where MNIST's images "
            "have 00 00 08 03 and labels 00 00 08 01; dataset=npz, csv and image_folder read others"
        )
    if magic[3] > DIMENSIONS:
        raise BadRequest(
            f"{path} declares {magic[3]} dimensions, more than {DIMENSIONS}: damaged, or no images"
        )
    shape = struct.unpack(f">{magic[3]}I", stream.read(4 * magic[3]))
    dtype = np.dtype(TYPES[magic[2]])
    size = math.prod(shape) * dtype.itemsize
    if size > most:
        raise BadRequest(
            f"{path} declares {size:,} bytes {shape}, more than {most:,}: "
            "damaged; or store the images as .npy, which is read in place"
        )
    packed = path.stat().st_size
    if size > packed * (MAX_RATIO if is_gzip(path) else 1):
        raise _other_size(path, size, shape, b"")
    check_unpacked(str(path), size, packed, "unpacked first, by gunzip")
    return shape, dtype


def _other_size(path: pathlib.Path, size: int, shape: tuple[int, ...], data: bytes) -> BadRequest:
    has = "more" if len(data) > size else f"only {len(data):,}" if data else "fewer"
    return BadRequest(
        f"{path} declares {size:,} bytes {shape} and has {has}: truncated or damaged; "
        "delete it and fetch it again"
    )


def idx_md5(array: np.ndarray) -> str:
    """MD5 of the uint8 array as an uncompressed IDX file: the same for every container."""
    digest = hashlib.md5(bytes((0, 0, 0x08, array.ndim)), usedforsecurity=False)
    digest.update(struct.pack(f">{array.ndim}I", *array.shape))
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
