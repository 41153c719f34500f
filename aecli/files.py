"""Files are written whole or not at all."""

import contextlib
import errno
import json
import math
import os
import pathlib
import re
import shutil
from collections.abc import Iterator
from typing import Any

from aecli.errors import CannotWrite

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
DENIED = (errno.EROFS, errno.EACCES, errno.EPERM)
NAME_KEPT = 50  # characters of a name in that of its temporary file: a name has at most 255 bytes


@contextlib.contextmanager
def replacing(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yield a temporary path beside `path`, of the same suffix; on success it takes its place.

    A reader sees the old file or the new one, after a power cut too. Raises CannotWrite; then the
    old file is as it was.
    """
    path = pathlib.Path(path)
    temporary = path.with_name(f".{path.stem[:NAME_KEPT]}.{os.getpid()}.tmp{path.suffix}")
    try:
        with writing(path):
            remove(temporary)  # it may be a link, or a second name of some other file
            yield temporary
            flush(temporary)
            os.replace(temporary, path)
            flush(path.parent)
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


@contextlib.contextmanager
def writing(path: pathlib.Path) -> Iterator[None]:
    """Any error of the system within becomes CannotWrite, which names `path`."""
    try:
        yield
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: pathlib.Path | str, error: OSError) -> CannotWrite:
    """What an error of the system means for a file that is written."""
    reason = error.strerror or next(iter(str(error).splitlines()), type(error).__name__)
    if error.errno in FULL:
        with contextlib.suppress(OSError):
            reason += f", {shutil.disk_usage(pathlib.Path(path).parent).free / 1e6:.1f} MB free"
    return CannotWrite(f"cannot write {path}: {reason}")


def remove_leftovers(folder: pathlib.Path) -> None:
    """Delete the temporary files and folders of a process that was killed. Raises CannotWrite."""
    with writing(folder):
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


def made_folder(path: pathlib.Path) -> pathlib.Path:
    """The folder, made with those above it where it is not there. Raises CannotWrite."""
    with writing(path):
        path.mkdir(parents=True, exist_ok=True)
    return path


def unique_folder(path: pathlib.Path) -> pathlib.Path:
    """Make the folder, or path-2, path-3 ... where it exists: two runs never share one.

    Raises CannotWrite.
    """
    candidate, n = path, 1
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                candidate.mkdir()
                return candidate
            except FileExistsError:
                n += 1
                candidate = path.with_name(f"{path.name}-{n}")
