"""The first look at a file: it is there, holds something, and is not a failed download."""

import contextlib
import gzip
import io
import lzma
import os
import pathlib
import struct
import zipfile
import zlib

from aecli.errors import BadRequest

# what the standard library's readers raise when a compressed file is cut short or altered
DAMAGE = (
    EOFError, OSError, OverflowError, zlib.error, lzma.LZMAError, zipfile.BadZipFile,
    NotImplementedError, RuntimeError, ValueError, struct.error,
)  # fmt: skip
MAX_BYTES = 8 * 2**30  # of unpacked data: a few hundred kB can declare any size
MAX_RATIO = 1032  # deflate, and so zip and gzip, packs no more bytes into one
SAFE_BYTES = 2**28  # so much may come out of any file
SAFE_RATIO = 100  # more may come out of a file that is not much smaller; MNIST has 5
SAFE_TEXT = 2**26  # of a packed CSV: text takes longer to read than bytes
EXTENTS = 10_000  # pieces of a sparse file that are looked at
PAGE = (b"<!doctype", b"<!--", b"<html", b"<?xml", b"<head")  # how a web page begins


def stated_path(path: str, key: str) -> pathlib.Path:
    """What the setting `key` names, expanded; it exists. Raises BadRequest."""
    try:
        place = pathlib.Path(path).expanduser()
        if not place.exists():
            seen = "" if place.is_absolute() else f", seen from {pathlib.Path.cwd()}"
            raise BadRequest(f"{key}: {place} does not exist{seen}")
    except (OSError, RuntimeError) as error:  # RuntimeError: ~name, where nobody has this name
        reason = getattr(error, "strerror", None) or error
        raise BadRequest(f"{key}: cannot read {path}: {reason}") from None
    return place


def in_data_folder(name: str) -> str | None:
    """The path of what has this name in $AECLI_DATA_DIR, None where nothing has."""
    root = os.environ.get("AECLI_DATA_DIR")
    place = pathlib.Path(root, name).expanduser() if root else None
    return str(place) if place is not None and place.exists() else None


def needed_file(path: str | None, key: str, option: str) -> pathlib.Path:
    """The file of `dataset.<key>`, which the data set option needs, expanded. Raises BadRequest."""
    if path is None:
        raise BadRequest(f"dataset.{key} is needed: dataset={option} dataset.{key}=FILE")
    return existing_file(path, f"dataset.{key}")


def existing_file(path: str, key: str) -> pathlib.Path:
    """The file that the setting `key` names, expanded. Raises BadRequest in one line."""
    file = stated_path(path, key)
    if not file.is_file():  # a pipe or a device might never end
        kind = "folder" if file.is_dir() else "device"
        raise BadRequest(f"{key}: {file} is a {kind}, not a file")
    try:
        head = first_bytes(file)
    except OSError as error:
        raise BadRequest(f"{key}: cannot read {file}: {error.strerror}") from None
    if head == b"":
        size = file.stat().st_size
        raise BadRequest(f"{file} is empty ({size} bytes): fetch it again")
    if is_web_page(head):
        raise BadRequest(f"{file} is a web page, not data: the download failed; fetch it again")
    way = "written again, as most of it is a hole"
    check_unpacked(str(file), file.stat().st_size, held(file), way)
    return file


def check_unpacked(name: str, unpacked: int, packed: int, way: str, safe: int = SAFE_BYTES) -> None:
    """Of `packed` bytes that become `unpacked`. Raises BadRequest for a bomb; way: what to do."""
    if unpacked > max(safe, SAFE_RATIO * packed):
        raise BadRequest(
            f"{name} makes {unpacked:,} bytes out of {packed:,}; beyond {safe >> 20} MiB at most "
            f"{SAFE_RATIO} times as many are read: such data must be {way}"
        )


def held(file: pathlib.Path) -> int:
    """The bytes that were ever written of a file; the rest of a sparse one is holes."""
    size, total, place = file.stat().st_size, 0, 0
    if size <= SAFE_BYTES or not hasattr(os, "SEEK_DATA"):
        return size
    with file.open("rb") as stream:
        for _ in range(EXTENTS):
            try:
                start = os.lseek(stream.fileno(), place, os.SEEK_DATA)
                place = os.lseek(stream.fileno(), start, os.SEEK_HOLE)
            except OSError:  # no data up to the end
                return total
            total += place - start
    return size


def check_text(file: pathlib.Path) -> None:
    """Of a gzipped text: how much there is, before any line is read. Raises BadRequest.

    One that is damaged is left to its reader.
    """
    if not is_gzip(file):
        return
    packed, unpacked = file.stat().st_size, 0
    with gzip.open(file) as stream, contextlib.suppress(EOFError, OSError, zlib.error):
        while block := stream.read(2**20):
            unpacked += len(block)
            way = "unpacked first, by gunzip"
            check_unpacked(str(file), unpacked, packed, way, SAFE_TEXT)


def first_bytes(file: pathlib.Path) -> bytes:
    """Unpacked, or as they are if they cannot be. Raises OSError."""
    try:
        with open_bytes(file) as stream:
            return stream.read(512)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        with file.open("rb") as stream:
            return stream.read(512)


def is_web_page(head: bytes) -> bool:
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(PAGE)


def is_gzip(file: pathlib.Path) -> bool:
    """By content: the suffix .gz is neither needed nor believed."""
    with file.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def open_bytes(file: pathlib.Path) -> gzip.GzipFile | io.BufferedReader:
    return gzip.open(file, "rb") if is_gzip(file) else file.open("rb")


def shown(found: object, length: int = 80) -> str:
    """Text out of a file, fit for a message: short, in one line, nothing a terminal obeys."""
    text = str(found)
    text = text if text.isprintable() else ascii(text)[1:-1]
    return text if len(text) <= length else f"{text[: length - 3]}..."
