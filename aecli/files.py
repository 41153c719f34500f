"""Files are written whole or not at all."""

import contextlib
import errno
import json
import math
import os
import pathlib
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
    """Delete the temporary files of a process that was killed."""
    for path in folder.rglob(".*.tmp*"):
        path.unlink(missing_ok=True)


def write_text(path: pathlib.Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: pathlib.Path, value: Any) -> None:
    """Write the value as as_json makes it."""
    write_text(path, as_json(value) + "\n")


def as_json(value: Any) -> str:
    """Strict JSON: a number that is not finite becomes null, as NaN and Infinity are no JSON."""
    return json.dumps(_finite(value), indent=2, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


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
