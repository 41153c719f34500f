"""The first look at a file: it is there, holds something, and is not a failed download."""

import gzip
import lzma
import pathlib
import struct
import zipfile
import zlib
from typing import BinaryIO

from aecli.errors import BadRequest
from aecli.visible import in_a_line

# what the standard library's readers raise when a compressed file is cut short or altered
DAMAGE = (
    EOFError, OSError, OverflowError, zlib.error, lzma.LZMAError, zipfile.BadZipFile,
    NotImplementedError, RuntimeError, ValueError, struct.error,
)  # fmt: skip
MAX_BYTES = 8 * 2**30  # of unpacked data: a few hundred kB can declare any size
MAX_RATIO = 1032  # deflate, and so zip and gzip, packs no more bytes into one
PAGE = (b"<!doctype", b"<!--", b"<html", b"<?xml", b"<head")  # how a web page begins


def stated_path(path: str, key: str) -> pathlib.Path:
    """What `dataset.<key>` names, expanded; it exists. Raises BadRequest."""
    try:
        place = pathlib.Path(path).expanduser()
        if not place.exists():
            raise BadRequest(f"dataset.{key}: {place} does not exist")
    except (OSError, RuntimeError) as error:  # RuntimeError: ~name, where nobody has this name
        reason = getattr(error, "strerror", None) or error
        raise BadRequest(f"dataset.{key}: cannot read {path}: {reason}") from None
    return place


def existing_file(path: str | None, key: str, option: str) -> pathlib.Path:
    """The file that `dataset.<key>` names, expanded. Raises BadRequest in one line."""
    if path is None:
        raise BadRequest(f"dataset.{key} is needed: dataset={option} dataset.{key}=FILE")
    file = stated_path(path, key)
    if not file.is_file():  # a pipe or a device might never end
        kind = "folder" if file.is_dir() else "device"
        raise BadRequest(f"dataset.{key}: {file} is a {kind}, not a file")
    try:
        head = first_bytes(file)
    except OSError as error:
        raise BadRequest(f"dataset.{key}: cannot read {file}: {error.strerror}") from None
    if head == b"":
        size = file.stat().st_size
        raise BadRequest(f"{file} is empty ({size} bytes): fetch it again")
    if is_web_page(head):
        raise BadRequest(f"{file} is a web page, not data: the download failed; fetch it again")
    return file


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


def open_bytes(file: pathlib.Path) -> BinaryIO:
    return gzip.open(file, "rb") if is_gzip(file) else file.open("rb")


def shown(found: object, length: int = 80) -> str:
    """Text out of a file, fit for a message: short, in one line, nothing a terminal obeys."""
    text = in_a_line(str(found))
    return text if len(text) <= length else f"{text[: length - 3]}..."
