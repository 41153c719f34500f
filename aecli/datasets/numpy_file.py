""".npz and .npy, with every header checked before anything is allocated; never unpickled."""

import dataclasses
import math
import pathlib
import zipfile
from typing import BinaryIO

import numpy as np

from aecli.datasets.rows import Rows
from aecli.datasets.source_file import DAMAGE, MAX_BYTES
from aecli.errors import BadRequest


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


def _header(stream: BinaryIO, name: str, size: int) -> Header:
    """The header of an array stored in `size` bytes. Raises BadRequest, or one of DAMAGE."""
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0
    if version != (1, 0):
        read = np.lib.format.read_array_header_2_0
    shape, fortran_order, dtype = read(stream)
    header = Header(shape, dtype, fortran_order, stream.tell())
    if dtype.hasobject or dtype.names:
        raise BadRequest(
            f"{name} holds {'Python objects' if dtype.hasobject else 'records'}, not numbers; "
            "store it as an array of integers or floats"
        )
    if header.end != size:
        raise BadRequest(
            f"{name} declares {header.end:,} bytes but has {size:,}: the file is truncated or "
            "damaged; delete it and fetch or write it again"
        )
    return header


def npz_headers(path: pathlib.Path) -> dict[str, Header]:
    """{name: header} of the arrays in an .npz. Raises BadRequest."""
    headers = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if not member.filename.endswith(".npy"):
                    continue
                name = member.filename.removesuffix(".npy")
                with archive.open(member) as stream:
                    headers[name] = _header(stream, f"{path}: {name}", member.file_size)
    except BadRequest:
        raise
    except DAMAGE:
        raise _damaged(path) from None
    if not headers:
        raise BadRequest(f"{path} is a zip file without an array; it is no .npz")
    return headers


def read_npz(path: pathlib.Path, names: list[str]) -> dict[str, np.ndarray]:
    """The named arrays of an .npz. Raises BadRequest."""
    headers = npz_headers(path)
    size = sum(headers[name].end for name in names)
    if size > MAX_BYTES:
        raise BadRequest(
            f"{path} unpacks to {size / 2**30:,.1f} GiB, more than {MAX_BYTES / 2**30:.0f}; "
            "store the images as .npy, which is read in place"
        )
    arrays = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for name in names:
                with archive.open(f"{name}.npy") as stream:
                    arrays[name] = np.lib.format.read_array(stream, allow_pickle=False)
    except DAMAGE:
        raise _damaged(path) from None
    return arrays


def npy_header(path: pathlib.Path) -> Header:
    """Raises BadRequest."""
    try:
        with path.open("rb") as stream:
            return _header(stream, str(path), path.stat().st_size)
    except BadRequest:
        raise
    except DAMAGE:
        raise _damaged(path) from None


def npy_rows(path: pathlib.Path, shape: tuple[int, ...]) -> Rows:
    """The images of an .npy as Rows of this shape (H, W, C), checked block by block.

    Raises BadRequest.
    """
    header = npy_header(path)
    if header.dtype not in (np.uint8, np.float32) or header.fortran_order:
        raise BadRequest(
            f"{path} has {header.end / 2**30:.1f} GiB of {header.dtype}; a file as large is read "
            "in place, and for that must be uint8 or float32 in C order"
        )
    whole = (header.shape[0], *shape)

    def read(positions: np.ndarray) -> np.ndarray:  # a short mapping: its pages leave memory again
        return np.memmap(path, header.dtype, "r", header.start, whole)[positions]

    rows = Rows(read, whole, header.dtype)
    if header.dtype == np.float32 and not all(np.isfinite(b).all() for b in rows.blocks()):
        raise BadRequest(f"{path} has values that are NaN or infinite; remove or fill them")
    return rows


def read_npy(path: pathlib.Path) -> np.ndarray:
    """The array of an .npy, memory-mapped. Raises BadRequest."""
    header = npy_header(path)
    if math.prod(header.shape) == 0:  # nothing to map; the caller refuses it by its shape
        return np.empty(header.shape, header.dtype)
    order = "F" if header.fortran_order else "C"
    return np.memmap(path, header.dtype, "r", header.start, header.shape, order)


def _damaged(path: pathlib.Path) -> BadRequest:
    size = path.stat().st_size
    with path.open("rb") as stream:
        known = stream.read(6).startswith((b"PK", b"\x93NUMPY"))
    if known:
        text = f"is incomplete or damaged ({size:,} bytes): delete it and fetch it again"
    else:
        text = f"is not NumPy's format, .npz or .npy ({size:,} bytes)"
    return BadRequest(f"{path} {text}")
