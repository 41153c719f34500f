"""Locks that die with their process: one writer a run folder, one maker of what is kept."""

import contextlib
import errno
import fcntl
import functools
import logging
import os
import pathlib
from collections.abc import Iterator

from aecli.errors import FolderBusy
from aecli.files import writing
from aecli.untrusted.bounded import open_in_place

NAME = ".lock"
SAFELY = os.O_NOFOLLOW | os.O_NONBLOCK  # no link out of the folder, no pipe that never ends
NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)  # of a file system that has none

log = logging.getLogger("aecli")


@contextlib.contextmanager
def locked(folder: pathlib.Path, name: str = NAME, wait: bool = False) -> Iterator[None]:
    """Hold the folder, or what `name` stands for in it.

    Raises FolderBusy where another process does, unless to `wait` for it; CannotWrite; BadRequest.
    """
    with writing(folder / name):
        lock = open_in_place(folder / name, os.O_RDWR | os.O_CREAT)
    try:
        with writing(folder / name):
            _take(lock, folder, wait)
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)


@contextlib.contextmanager
def turn(file: pathlib.Path, number: int, told: str) -> Iterator[None]:
    """Hold a number (below 2^63) of a lock file that many processes share.

    Where another process holds it: wait, and say what is `told`. Unlike `locked` it is of this
    process alone: children that outlive it hold nothing. Raises CannotWrite.
    """
    with writing(file):
        lock = open_in_place(file, os.O_RDWR | os.O_CREAT)
    try:
        with writing(file):
            try:
                fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
            except OSError as error:
                if error.errno in (errno.EACCES, errno.EAGAIN):
                    log.warning("%s", told)
                    fcntl.lockf(lock, fcntl.LOCK_EX, 1, number)
                elif error.errno not in NO_LOCKS:
                    raise
        yield
    finally:
        os.close(lock)


def flock(file: int, how: int) -> bool:
    """fcntl.flock; returns whether the file system has locks. Raises BlockingIOError."""
    try:
        fcntl.flock(file, how)
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        return False
    return True


@functools.cache  # once a process
def _warn() -> None:
    log.warning("this file system has no locks: start nothing twice in one folder")


def _take(lock: int, folder: pathlib.Path, wait: bool) -> None:
    try:
        if not flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB)):
            _warn()
    except BlockingIOError:
        holder = _holder(lock)
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
        return not flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB) and _is_alive(_holder(lock))
    except BlockingIOError:
        return True
    finally:
        os.close(lock)


def _holder(lock: int) -> str:
    """The process that wrote its number there last, ? where none did."""
    return os.pread(lock, 20, 0).decode(errors="replace").strip() or "?"


def _is_alive(process: str) -> bool:
    """On this machine: all that can be known without locks."""
    return process.isdecimal() and pathlib.Path("/proc", process).exists()
