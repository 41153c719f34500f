""".npz and .npy, with every header checked before anything is allocated; never unpickled."""

import math
import pathlib
import warnings
import zipfile

import numpy as np

from aecli.datasets.arrays import check_finite
from aecli.datasets.numpy_header import Header, read_header
from aecli.datasets.rows import Rows
from aecli.datasets.source_file import DAMAGE, MAX_BYTES, MAX_RATIO, shown
from aecli.errors import BadRequest

MAX_ARRAYS = 1000  # in one .npz; each header is read
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # NumPy's; others unpack without a bound


def npz_headers(path: pathlib.Path) -> dict[str, Header]:
    """{name: header} of the arrays in an .npz. Raises BadRequest."""
    headers = {}
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if m.filename.endswith(".npy")]
            if len(members) > MAX_ARRAYS:
                raise BadRequest(
                    f"{path} has {len(members):,} arrays, more than {MAX_ARRAYS:,}; "
                    "store the images as one array [N, H, W, C]"
                )
            for member in members:
                name = member.filename.removesuffix(".npy")
                label = f"{path}: {shown(name)}"
                _check_packing(member, label, path.stat().st_size)
                with archive.open(member) as stream:
                    headers[name] = read_header(stream, label, member.file_size)
    except BadRequest:
        raise
    except DAMAGE:
        raise _damaged(path) from None
    if not headers:
        raise BadRequest(f"{path} is a zip file without an array; it is no .npz")
    return headers


def _check_packing(member: zipfile.ZipInfo, name: str, size: int) -> None:
    """Of a member in a file of `size` bytes: it can have as many bytes as it states."""
    if member.compress_type not in PACKINGS:
        raise BadRequest(
            f"{name} is packed in a way that NumPy does not use; "
            "write the file again by numpy.savez_compressed"
        )
    if member.file_size > MAX_RATIO * min(member.compress_size, size):
        raise BadRequest(
            f"{name} declares {member.file_size:,} bytes, packed into {member.compress_size:,}: "
            "the file is truncated or damaged; delete it and fetch or write it again"
        )


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
        with zipfile.ZipFile(path) as archive, warnings.catch_warnings(action="ignore"):
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
            return read_header(stream, str(path), path.stat().st_size)
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
    if header.dtype == np.float32:
        check_finite(str(path), rows)
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
        text = (
            f"is not NumPy's format, .npz or .npy ({size:,} bytes); "
            "dataset=csv, idx and image_folder read others"
        )
    return BadRequest(f"{path} {text}")
