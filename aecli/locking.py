"""One writer a run folder: a lock that dies with its process."""

import contextlib
import fcntl
import os
import pathlib
from collections.abc import Iterator

from aecli.errors import FolderBusy
from aecli.files import cannot_write
from aecli.foreign.bounded import open_in_place

NAME = ".lock"
SAFELY = os.O_NOFOLLOW | os.O_NONBLOCK  # no link out of the folder, no pipe that never ends


@contextlib.contextmanager
def locked(folder: pathlib.Path, name: str = NAME, wait: bool = False) -> Iterator[None]:
    """Hold the folder, or what `name` stands for in it.

    Raises FolderBusy where another process does, unless to `wait` for it; CannotWrite; BadRequest.
    """
    try:
        lock = open_in_place(folder / name, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise cannot_write(folder / name, error) or error from None
    try:
        _take(lock, folder, wait)
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)


def _take(lock: int, folder: pathlib.Path, wait: bool) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        holder = os.pread(lock, 20, 0).decode(errors="replace").strip() or "?"
        raise FolderBusy(
            f"{folder} is busy: process {holder} trains in it\n"
            "wait for it, or stop it first: a run folder has one writer"
        ) from None


def is_locked(folder: pathlib.Path, name: str = NAME) -> bool:
    """Whether a live process holds the folder."""
    try:
        lock = os.open(folder / name, os.O_RDONLY | SAFELY)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False
