"""Decoded images, kept in the user's cache and mapped into memory by later runs.

What was read for another content, size or way of fitting has another name. A file (see kept.py) has
the images, then which of the kinds of pictures each one was; its JSON has these kinds.
"""

import contextlib
import dataclasses
import hashlib
import json
import math
import mmap
import os
import pathlib
import stat

import numpy as np

from aecli.cache import own_folder
from aecli.datasets import kept
from aecli.datasets.image_file import Found, Frame
from aecli.datasets.image_files import Decoded, decode_all, in_blocks
from aecli.errors import CannotWrite
from aecli.files import replacing

MOST = 16 * 2**30  # bytes in all; what was used longest ago goes
FEWEST = 500  # files; fewer are decoded at once
FORMAT = 2


def decoded(files: list[pathlib.Path], frame: Frame) -> Decoded:
    """As decode_all; from the cache where it has them, and kept there where it may be."""
    folder = own_folder("images") if len(files) >= FEWEST else None
    if folder is None:
        return decode_all(files, frame)
    key = _key(files, frame)
    path = folder / f"{key}.images"
    if (known := _read(path, len(files), frame)) is not None:
        return known
    size = _bytes(len(files), frame) + 4 * len(files)
    try:
        with kept.turn_of(path, "another process decodes these images"):
            if (known := _read(path, len(files), frame)) is not None:
                return known
            kept.make_room(path, size, MOST)
            with replacing(path) as temporary:
                found = _write(temporary, size, files, frame)
                if found.problems or _key(files, frame) != key:  # not whole, or changed meanwhile
                    raise _Passing(found)
            return found
    except _Passing as passing:
        return passing.found
    except CannotWrite:  # no room
        return decode_all(files, frame)


class _Passing(Exception):
    """What was decoded is not to be kept."""

    def __init__(self, found: Decoded):
        super().__init__()
        self.found = found


def may_hold(count: int, frame: Frame) -> bool:
    """Whether there is a cache, and room for so many images."""
    return count >= FEWEST and kept.has_room("images", _bytes(count, frame), MOST)


@dataclasses.dataclass(frozen=True)
class _Hashing:
    """The SHA-256 of each file of a block; of what is no file, nothing: decoding says why."""

    files: list[pathlib.Path]

    def __call__(self, start: int, stop: int) -> list[bytes]:
        return [_content(file) for file in self.files[start:stop]]


def _content(file: pathlib.Path) -> bytes:
    with contextlib.suppress(OSError):
        if stat.S_ISREG(file.stat().st_mode):
            with file.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").digest()
    return b""


def _key(files: list[pathlib.Path], frame: Frame) -> str:
    import PIL

    how = [FORMAT, PIL.__version__, dataclasses.astuple(frame), len(files)]
    digest = hashlib.sha256(json.dumps(how).encode())
    for block in in_blocks(_Hashing(files), len(files)):
        for one in block:
            digest.update(one or b"-" * 32)
    return digest.hexdigest()


def _bytes(count: int, frame: Frame) -> int:
    return count * math.prod(frame.shape) * np.dtype(frame.dtype).itemsize


def _write(path: pathlib.Path, size: int, files: list[pathlib.Path], frame: Frame) -> Decoded:
    """Decode into a file of `size` bytes, and its end."""
    with path.open("w+b") as stream:
        path.chmod(0o600)
        if hasattr(os, "posix_fallocate"):  # a disk that fills up later would end the process
            os.posix_fallocate(stream.fileno(), 0, size)
        stream.truncate(size)
        mapped = np.frombuffer(mmap.mmap(stream.fileno(), size), np.uint8)
        end = _bytes(len(files), frame)
        x = mapped[:end].view(frame.dtype).reshape(len(files), *frame.shape)
        made = decode_all(files, frame, x)
        if made.problems:
            return made
        kinds = {kind: i for i, kind in enumerate(dict.fromkeys(made.found))}
        mapped[end:].view("<u4")[:] = [kinds[one] for one in made.found]
        kept.close(stream, {"kinds": [dataclasses.astuple(kind) for kind in kinds if kind]})
        return made


def _read(path: pathlib.Path, count: int, frame: Frame) -> Decoded | None:
    """None where there is none, or one that is damaged: that is then written anew."""
    known, end = kept.mapped(path), _bytes(count, frame)
    if known is None or len(known.data) != end + 4 * count:
        return None
    try:
        kinds = [Found(tuple(side), *map(bool, more)) for side, *more in known.about["kinds"]]
        found = [kinds[i] for i in known.data[end:].view("<u4").tolist()]
    except (ValueError, TypeError, KeyError, IndexError):
        return None
    return Decoded(known.data[:end].view(frame.dtype).reshape(count, *frame.shape), found, [])
