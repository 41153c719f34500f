"""A small file of a run folder, whole, if it is a file and small."""

import pathlib
import stat

from aecli.errors import BadRequest


def read_text(path: pathlib.Path, most: int) -> str:
    """The text of a file of at most `most` bytes. Raises BadRequest."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe or a device would never end
            raise BadRequest(f"{path} is not a file")
        with open(path, "rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise BadRequest(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > most:
        raise BadRequest(f"{path} has more than {most:,} bytes: it is none of ours")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest(f"{path} is not UTF-8 text") from None


def refuse_links(folder: pathlib.Path) -> None:
    """A run folder is written into; what lies in it must not lead out of it. Raises BadRequest."""
    for place in (folder, folder / ".hydra", folder / "checkpoints"):
        for entry in place.iterdir() if place.is_dir() else ():
            if entry.is_symlink():
                raise BadRequest(
                    f"{entry} is a link; a run folder has none\n"
                    "copy what it leads to in its place, if the run is yours"
                )
