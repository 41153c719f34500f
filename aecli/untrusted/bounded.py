"""Files and folders that someone else may have made: read within bounds, written into with care."""

import errno
import os
import pathlib
import stat
from collections.abc import Iterator

from aecli.errors import BadRequest

DEEPEST = 32  # folders within folders; ours have 5
IN_PLACE = (  # what is not written beside its place and renamed
    "train.log", "console.txt", "journal.log", "multirun.yaml", ".lock", ".study", ".claim",
)  # fmt: skip
CAREFULLY = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def read_text(path: pathlib.Path, most: int) -> str:
    """The text of a file of at most `most` bytes. Raises BadRequest."""
    try:
        return read_bytes(path, most).decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest(f"{path} is not UTF-8 text") from None


def read_bytes(path: pathlib.Path, most: int) -> bytes:
    """The content of a file of at most `most` bytes. Raises BadRequest."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe or a device would never end
            raise BadRequest(f"{path} is not a file")
        with open(path, "rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise BadRequest(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > most:
        raise BadRequest(f"{path} has more than {most:,} bytes: it is none of ours")
    return data


def read_end(path: pathlib.Path, most: int) -> str:
    """The last `most` bytes of a file as text, "" where there is no such file."""
    if not path.is_file():
        return ""
    with open(path, "rb") as file:
        file.seek(max(0, path.stat().st_size - most))
        return file.read(most).decode("utf-8", errors="replace")


def walk(folder: str | os.PathLike) -> Iterator[tuple[os.DirEntry, int]]:
    """Each entry below a folder, and how deep it lies: 1 in the folder itself, at most DEEPEST.

    No link is followed; a folder that cannot be listed has no entries.
    """
    waiting = [(os.fspath(folder), 1)]
    while waiting:
        place, depth = waiting.pop()
        try:
            entries = list(os.scandir(place))
        except OSError:
            continue
        for entry in entries:
            yield entry, depth
            if depth < DEEPEST and entry.is_dir(follow_symlinks=False):
                waiting.append((entry.path, depth + 1))


def find_files(folder: str | os.PathLike, name: str) -> Iterator[pathlib.Path]:
    """The files of that name below a folder."""
    return (pathlib.Path(entry.path) for entry, _ in walk(folder) if entry.name == name)


def refuse_links(folder: pathlib.Path) -> None:
    """A run folder is written into; nothing in it may lead out of it. Raises BadRequest."""
    for entry, depth in walk(folder):
        if entry.is_symlink() and not _leads_within(entry.path, folder):
            raise BadRequest(
                f"{entry.path} is a link; a run folder has none that leads out of it\n"
                "copy what it leads to in its place, if the run is yours"
            )
        if depth == DEEPEST and entry.is_dir(follow_symlinks=False):
            raise BadRequest(f"{folder} has folders nested more than {DEEPEST} deep")


def check_writable(folder: pathlib.Path) -> None:
    """Before the first write to a run, a sweep or a study. Raises BadRequest.

    Besides links, it refuses files of two names where they would be written in place.
    """
    refuse_links(folder)
    for entry, _ in walk(folder):
        if entry.name in IN_PLACE:
            _refuse_shared(entry.path, entry.stat(follow_symlinks=False))


def open_in_place(path: str | os.PathLike, flags: int) -> int:
    """A descriptor for a file that is written where it stands, also as the opener of open().

    Raises BadRequest for a link, a pipe, a device and a file that has another name somewhere, and
    OSError.
    """
    try:
        file = os.open(path, flags | CAREFULLY, 0o644)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO, errno.EISDIR):
            raise _not_ours(path) from None
        raise
    try:
        _refuse_shared(path, os.fstat(file))
    except BadRequest:
        os.close(file)
        raise
    return file


def _refuse_shared(path: str | os.PathLike, about: os.stat_result) -> None:
    if not stat.S_ISREG(about.st_mode) or about.st_nlink > 1:
        raise _not_ours(path)


def _not_ours(path: str | os.PathLike) -> BadRequest:
    return BadRequest(
        f"{os.fspath(path)} is a link, a pipe or a file with a second name: not written to\n"
        "put a copy in its place, if the folder is yours"
    )


def _leads_within(path: str, folder: pathlib.Path) -> bool:
    """As the links within .submitit do."""
    return pathlib.Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
