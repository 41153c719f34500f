""".npz and .npy, with every header checked before anything is allocated; never unpickled."""

import functools
import pathlib
import warnings
import zipfile

import numpy as np

from aecli.datasets.numpy_header import Header, read_header
from aecli.datasets.rows import Rows
from aecli.datasets.source_file import DAMAGE, MAX_BYTES, MAX_RATIO, check_unpacked, shown
from aecli.datasets.stored import in_order, read_rows
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
    way = "stored as .npy, which is read in place"
    check_unpacked(name, member.file_size, member.compress_size, way)


def check_sizes(path: pathlib.Path, names: list[str]) -> None:
    """Of the named arrays of an .npz that are to be in memory together. Raises BadRequest."""
    headers = npz_headers(path)
    size = sum(headers[name].end for name in names)
    if size > MAX_BYTES:
        raise BadRequest(
            f"{path} unpacks to {size / 2**30:,.1f} GiB, more than {MAX_BYTES / 2**30:.0f}; "
            "store the images as .npy, which is read in place"
        )


def read_npz(path: pathlib.Path, names: list[str]) -> dict[str, np.ndarray]:
    """The named arrays of an .npz. Raises BadRequest."""
    check_sizes(path, names)
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


def npz_rows(path: pathlib.Path, name: str) -> Rows:
    """An array of an .npz, unpacked no further than the last row asked for. Raises BadRequest."""
    header = npz_headers(path)[name]

    def read(positions: np.ndarray) -> np.ndarray:
        if header.fortran_order:  # the rows are spread over all of it
            return read_npz(path, [name])[name][positions]
        if len(positions) == header.shape[0]:  # and its checksum
            return in_order(read_npz(path, [name])[name], positions)
        with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as stream:
            return read_rows(stream, header.start, header.shape[1:], header.dtype, positions)

    reading = functools.partial(_reading, path, read)
    label = f"{path}: {shown(name)}"
    return Rows(reading, header.shape, _native(header.dtype), is_kept=False, name=label)


def npy_rows(path: pathlib.Path, is_kept: bool) -> Rows:
    """The array of an .npy, [N, ...], read in place: a file that is cut meanwhile is one line.

    is_kept: as Rows. Raises BadRequest.
    """
    header = npy_header(path)
    if is_kept and (header.dtype not in (np.uint8, np.float32) or header.fortran_order):
        raise BadRequest(
            f"{path} has {header.end / 2**30:.1f} GiB of {header.dtype}; a file as large is read "
            "in place, and for that must be uint8 or float32 in C order"
        )

    def read(positions: np.ndarray) -> np.ndarray:
        with path.open("rb", buffering=0) as stream:
            if not header.fortran_order:
                return read_rows(stream, header.start, header.shape[1:], header.dtype, positions)
            whole = read_rows(stream, header.start, header.shape, header.dtype, np.arange(1))
            return whole.reshape(header.shape[::-1]).T[positions]

    reading = functools.partial(_reading, path, read)
    return Rows(reading, header.shape, _native(header.dtype), is_kept=is_kept, name=str(path))


def read_npy(path: pathlib.Path) -> np.ndarray:
    """The array of an .npy. Raises BadRequest."""
    header = npy_header(path)
    if header.end > MAX_BYTES:
        raise BadRequest(
            f"{path} has {header.end / 2**30:,.1f} GiB, more than {MAX_BYTES / 2**30:.0f}"
        )
    if 0 in header.shape or not header.shape:  # the caller refuses it by its shape
        return np.empty(header.shape, header.dtype)
    return npy_rows(path, is_kept=False)[:]


def _native(dtype: np.dtype) -> np.dtype:
    return dtype.newbyteorder("=")


def _reading(path: pathlib.Path, read, positions: np.ndarray) -> np.ndarray:
    """What `read` makes of positions. Raises BadRequest."""
    try:
        return read(positions)
    except BadRequest:
        raise
    except EOFError:
        raise BadRequest(
            f"{path} was cut or is damaged: it ends within its images; fetch or write it again"
        ) from None
    except DAMAGE as error:
        if isinstance(error, OSError) and error.strerror:
            raise BadRequest(f"cannot read {path}: {error.strerror}") from None
        raise _damaged(path) from None


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
