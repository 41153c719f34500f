"""The first look at a file: it is there, holds something, and is not a failed download."""

import gzip
import lzma
import pathlib
import struct
import zipfile
import zlib
from typing import BinaryIO

from aecli.errors import BadRequest

# what the standard library's readers raise when a compressed file is cut short or altered
DAMAGE = (
    EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile,
    NotImplementedError, RuntimeError, ValueError, struct.error,
)  # fmt: skip
MAX_BYTES = 8 * 2**30  # of unpacked data: a few hundred kB can declare any size


def existing_file(path: str | None, key: str, option: str) -> pathlib.Path:
    """The file that `dataset.<key>` names, expanded. Raises BadRequest in one line."""
    if path is None:
        raise BadRequest(f"dataset.{key} is needed: dataset={option} dataset.{key}=FILE")
    file = pathlib.Path(path).expanduser()
    try:
        if not file.is_file():
            problem = "is a folder, not a file" if file.exists() else "does not exist"
            raise BadRequest(f"dataset.{key}: {file} {problem}")
        with file.open("rb") as stream:
            head = stream.read(512).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    except OSError as error:
        raise BadRequest(f"dataset.{key}: cannot read {file}: {error.strerror}") from None
    if file.stat().st_size == 0:
        raise BadRequest(f"{file} is empty (0 bytes): fetch it again")
    if head.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        raise BadRequest(f"{file} is a web page, not data: the download failed; fetch it again")
    return file


def is_gzip(file: pathlib.Path) -> bool:
    """By content: the suffix .gz is neither needed nor believed."""
    with file.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def open_bytes(file: pathlib.Path) -> BinaryIO:
    return gzip.open(file, "rb") if is_gzip(file) else file.open("rb")
