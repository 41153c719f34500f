"""Arrays that took time to make, kept in the user's cache and mapped into memory by later runs.

They are found by the content of what they were made of, which is their name. A file here is the
data, then a JSON of what belongs to them, then the SHA-256 of all before it and the length of that
JSON. Nothing is unpickled.
"""

import contextlib
import hashlib
import json
import mmap
import os
import pathlib
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from aecli import cores
from aecli.cache import own_folder
from aecli.errors import CannotWrite
from aecli.files import remove
from aecli.locking import turn

BLOCK = 2**23  # bytes that are hashed at once
MOST_TEXT = 2**26  # bytes of the JSON
DIGEST, TAIL = 32, 8  # bytes of the SHA-256, and of the length of the JSON
LOCK = ".lock"
LOCKED = 15  # digits of a file's name that are a number to lock
SECONDS_LEFT = 86_400  # a file that is still being written after that is a killed process's


class Kept(NamedTuple):
    """data: [n] uint8, of the pages of a file; pages: what maps them; about: the JSON."""

    data: np.ndarray
    pages: mmap.mmap
    about: dict[str, Any]


def has_room(kind: str, size: int, most: int) -> bool:
    """Whether the user's cache may take so many bytes of a kind, `most` in all."""
    folder = own_folder(kind)
    if folder is None or size > most:
        return False
    about = os.statvfs(folder)
    return 2 * size < about.f_bavail * about.f_frsize


def content(file: pathlib.Path) -> bytes:
    """The SHA-256 of the SHA-256 of each BLOCK of a file. Raises OSError."""
    with file.open("rb") as stream:
        return _digest(stream, os.fstat(stream.fileno()).st_size)


def close(stream: Any, about: dict[str, Any]) -> None:
    """Write the end of a file, whose data are all that it has so far. Raises CannotWrite."""
    text = json.dumps(about).encode()
    if len(text) > MOST_TEXT:
        raise CannotWrite(f"{len(text):,} bytes of names are more than are kept")
    stream.seek(0, os.SEEK_END)
    stream.write(text)
    stream.flush()
    stream.write(_digest(stream, stream.tell()) + len(text).to_bytes(TAIL, "little"))


def mapped(path: pathlib.Path) -> Kept | None:
    """None where there is none, or one that is damaged: that is then written anew."""
    try:
        with path.open("rb") as stream:
            end = stream.seek(-DIGEST - TAIL, os.SEEK_END)
            digest, tail = stream.read(DIGEST), stream.read(TAIL)
            length = int.from_bytes(tail, "little")
            if not 0 < length < min(MOST_TEXT, end) or _digest(stream, end) != digest:
                return None
            stream.seek(end - length)
            about = json.loads(stream.read(length))
            pages = mmap.mmap(stream.fileno(), end - length, prot=mmap.PROT_READ)
        os.utime(path)  # used now
    except (OSError, ValueError):
        return None
    return Kept(np.frombuffer(pages, np.uint8), pages, about) if isinstance(about, dict) else None


def turn_of(path: pathlib.Path, told: str) -> contextlib.AbstractContextManager[None]:
    """A turn among the processes that would make the same file; who waits says what is `told`."""
    return turn(path.parent / LOCK, int(path.name[:LOCKED], 16), told)


def make_room(path: pathlib.Path, size: int, most: int) -> None:
    """For a file of so many bytes: of `most` in all, what was used longest ago goes.

    It is this process's turn. Raises CannotWrite where that is too much.
    """
    if size > most:
        raise CannotWrite(f"{size:,} bytes are more than are kept")
    with contextlib.suppress(OSError):  # another process removes the same
        found = [(file.stat(), file) for file in path.parent.glob(f"*{path.suffix}")]
        for about, file in sorted(found, key=lambda one: one[0].st_mtime, reverse=True):
            is_written = ".tmp" in file.name
            is_left = file.name.startswith(f".{path.name[:LOCKED]}")  # a process was killed
            is_left = is_left or time.time() - about.st_mtime > SECONDS_LEFT
            size += about.st_size
            if is_left if is_written else size > most:
                remove(file)


def _digest(stream: Any, stop: int) -> bytes:
    """Of the first bytes of a file, by all cores; it is read, not mapped."""

    def of_block(start: int) -> bytes:
        block = os.pread(stream.fileno(), min(BLOCK, stop - start), start)
        return hashlib.sha256(block).digest()

    with ThreadPoolExecutor(cores.count()) as pool:
        found = pool.map(of_block, range(0, stop, BLOCK))
        return hashlib.sha256(b"".join(found)).digest()
