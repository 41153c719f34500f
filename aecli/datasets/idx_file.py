"""IDX, the format of MNIST's files (LeCun, Cortes and Burges), plain or gzipped.

Big-endian: two zero bytes, a type code, the number of dimensions, each dimension as uint32, data.
"""

import hashlib
import math
import pathlib
import struct

import numpy as np

from aecli.datasets.source_file import DAMAGE, MAX_BYTES, MAX_RATIO, is_gzip, open_bytes
from aecli.errors import BadRequest

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
DIMENSIONS = 4  # [N, H, W, C]


def read_idx(path: pathlib.Path, most: int | None = None) -> np.ndarray:
    """The array of an IDX file, of at most so many bytes. Raises BadRequest that names the file."""
    try:
        with open_bytes(path) as stream:
            return _read(stream, path, most or MAX_BYTES)
    except BadRequest:
        raise
    except DAMAGE:
        raise BadRequest(
            f"{path} is truncated or damaged ({path.stat().st_size:,} bytes): "
            "delete it and fetch it again"
        ) from None


def _read(stream, path: pathlib.Path, most: int) -> np.ndarray:
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
    possible = path.stat().st_size * (MAX_RATIO if is_gzip(path) else 1)
    data = stream.read(size + 1) if size <= possible else b""
    if len(data) != size:
        has = "more" if len(data) > size else f"only {len(data):,}" if data else "fewer"
        raise BadRequest(
            f"{path} declares {size:,} bytes {shape} and has {has}: truncated or damaged; "
            "delete it and fetch it again"
        )
    return np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def idx_md5(array: np.ndarray) -> str:
    """MD5 of the uint8 array as an uncompressed IDX file: the same for every container."""
    digest = hashlib.md5(bytes((0, 0, 0x08, array.ndim)), usedforsecurity=False)
    digest.update(struct.pack(f">{array.ndim}I", *array.shape))
    digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()
