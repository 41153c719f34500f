"""Files are written whole or not at all."""

import contextlib
import errno
import json
import os
import pathlib
import re
import shutil
from collections.abc import Iterator
from typing import Any

from aecli.errors import CannotWrite

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
DENIED = (errno.EROFS, errno.EACCES, errno.EPERM)


@contextlib.contextmanager
def replacing(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yield a temporary path beside `path`, of the same suffix; on success it takes its place.

    A reader sees the old file or the new one, after a power cut too. Raises CannotWrite where the
    disk is full or the place is read-only; then the old file is as it was.
    """
    path = pathlib.Path(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}")
    remove(temporary)  # it may be a link, or a second name of some other file
    try:
        yield temporary
        flush(temporary)
        os.replace(temporary, path)
        flush(path.parent)
    except OSError as error:
        raise cannot_write(path, error) or error from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def flush(path: pathlib.Path) -> None:
    """To the disk itself; of a folder, its names."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def cannot_write(path: pathlib.Path, error: OSError) -> CannotWrite | None:
    """What an error of the system means for a file, if it says that nothing can be written."""
    if error.errno in FULL:
        free = shutil.disk_usage(path.parent).free / 1e6
        return CannotWrite(f"cannot write {path}: {error.strerror}, {free:.1f} MB free")
    if error.errno in DENIED:
        return CannotWrite(f"cannot write {path}: {error.strerror}")
    return None


def remove_leftovers(folder: pathlib.Path) -> None:
    """Delete the temporary files and folders of a process that was killed."""
    for path in list(folder.rglob(".*.tmp*")):
        if re.fullmatch(r"\..+\.\d+\.tmp(\..+)?", path.name):
            remove(path)


def remove(path: pathlib.Path) -> None:
    """Delete a file, a link or a whole folder, if it is there; no link is followed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_text(path: pathlib.Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: pathlib.Path, value: Any) -> None:
    """Strict JSON: a NaN is an error, not a token that other readers refuse."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


def unique_folder(path: pathlib.Path) -> pathlib.Path:
    """Make the folder, or path-2, path-3 ... where it exists: two runs never share one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    candidate, n = path, 1
    while True:
        try:
            candidate.mkdir()
            return candidate
        except FileExistsError:
            n += 1
            candidate = path.with_name(f"{path.name}-{n}")
