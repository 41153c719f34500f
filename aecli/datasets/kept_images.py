"""Decoded images, kept in the user's cache and mapped into memory by later runs.

They are found by the content of their files: what was read for another content, size or way of
fitting has another name. A file here is its images, which of the kinds of pictures each one was,
then a JSON of these kinds and of the SHA-256 of all before it, and the length of that JSON. Of the
JSON no shape is taken, and nothing is unpickled.
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
import time

import numpy as np

from aecli.cache import own_folder
from aecli.datasets.image_file import Found, Frame
from aecli.datasets.image_files import Decoded, decode_all, in_blocks
from aecli.errors import CannotWrite
from aecli.files import remove, replacing
from aecli.locking import turn

MOST = 16 * 2**30  # bytes in all; what was used longest ago goes
FEWEST = 500  # files; fewer are decoded at once
FORMAT = 1
TAIL = 8  # bytes of the length of the JSON
MOST_KINDS = 2**24  # bytes of the JSON
LOCK = ".lock"
LOCKED = 15  # digits of a key that are a number to lock
SECONDS_LEFT = 86_400  # a file that is still being written after that is a killed process's


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
        with turn(folder / LOCK, int(key[:LOCKED], 16), "another process decodes these images"):
            if (known := _read(path, len(files), frame)) is not None:
                return known
            _make_room(folder, size, key)
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
    folder = own_folder("images")
    if folder is None or count < FEWEST or _bytes(count, frame) > MOST:
        return False
    about = os.statvfs(folder)
    return 2 * _bytes(count, frame) < about.f_bavail * about.f_frsize


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
        about = {
            "kinds": [dataclasses.astuple(kind) for kind in kinds if kind],
            "sha256": hashlib.sha256(mapped.data).hexdigest(),
        }
        text = json.dumps(about).encode()
        stream.seek(size)
        stream.write(text + len(text).to_bytes(TAIL, "little"))
        return made


def _read(path: pathlib.Path, count: int, frame: Frame) -> Decoded | None:
    """None where there is none, or one that is damaged: that is then written anew."""
    end = _bytes(count, frame)
    size = end + 4 * count
    try:
        with path.open("rb") as stream:
            stream.seek(-TAIL, os.SEEK_END)
            length = int.from_bytes(stream.read(TAIL), "little")
            if not 0 < length < MOST_KINDS or path.stat().st_size != size + length + TAIL:
                return None
            stream.seek(size)
            about = json.loads(stream.read(length))
            mapped = np.frombuffer(mmap.mmap(stream.fileno(), size, prot=mmap.PROT_READ), np.uint8)
        if hashlib.sha256(mapped.data).hexdigest() != about["sha256"]:
            return None
        kinds = [Found(tuple(side), *map(bool, more)) for side, *more in about["kinds"]]
        found = [kinds[i] for i in mapped[end:].view("<u4").tolist()]
        os.utime(path)  # used now
    except (OSError, ValueError, TypeError, KeyError, IndexError):
        return None
    return Decoded(mapped[:end].view(frame.dtype).reshape(count, *frame.shape), found, [])


def _make_room(folder: pathlib.Path, size: int, key: str) -> None:
    """For so many bytes more: of MOST in all. Raises CannotWrite where that is too much.

    key: of what is to be written, by this process alone.
    """
    if size > MOST:
        raise CannotWrite(f"{size:,} bytes of images are more than are kept")
    with contextlib.suppress(OSError):  # another process removes the same
        found = [(file.stat(), file) for file in folder.glob("*.images")]
        for about, file in sorted(found, key=lambda one: one[0].st_mtime, reverse=True):
            is_written = ".tmp" in file.name
            is_left = file.name.startswith(f".{key[:LOCKED]}")  # a process was killed
            is_left = is_left or time.time() - about.st_mtime > SECONDS_LEFT
            size += about.st_size
            if is_left if is_written else size > MOST:
                remove(file)
