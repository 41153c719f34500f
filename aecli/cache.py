"""The folder of the user's own in which aecli keeps what would take time to make anew."""

import os
import pathlib
import stat

from aecli.errors import CannotWrite
from aecli.files import writing


def cache_folder() -> pathlib.Path:
    """Where downloads are kept: $XDG_CACHE_HOME/aecli, by default ~/.cache/aecli."""
    root = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return pathlib.Path(root).expanduser() / "aecli"


def own_folder(*names: str) -> pathlib.Path | None:
    """A folder in the cache, made (0700) where there is none.

    None where it cannot be made, or is not the user's alone: from there nothing is read.
    """
    folder = cache_folder()
    try:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            is_own = _is_own(folder, stat.S_IWGRP | stat.S_IWOTH)  # others may read downloads
            for name in names:
                folder /= name
                folder.mkdir(mode=0o700, exist_ok=True)
                is_own = is_own and _is_own(folder, stat.S_IRWXG | stat.S_IRWXO)
    except CannotWrite:
        return None
    return folder if is_own else None


def _is_own(folder: pathlib.Path, refused: int) -> bool:
    about = folder.lstat()
    return (
        stat.S_ISDIR(about.st_mode) and about.st_uid == os.getuid() and not about.st_mode & refused
    )
