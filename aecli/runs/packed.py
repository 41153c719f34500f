"""A pack: a run as a folder that is given away, and what is checked before anything of it is read.

SHA256SUMS names each of its files, as `sha256sum -c` reads it, but for the card, which people edit
and nothing of ours reads. A sum shows damage, not forgery: what is in the files is read as that of
any run folder is, as a stranger's.
"""

import hashlib
import os
import pathlib
import re
import stat

from aecli.errors import BadRequest
from aecli.untrusted import bounded

CONFIG, SUMS, WEIGHTS, CARD = "config.yaml", "SHA256SUMS", "model.safetensors", "README.md"
OF_A_RUN = pathlib.Path(".hydra", "config.yaml")
RESULTS = "eval"  # what commands write of a pack, which is no part of it
MAX_SUMS_BYTES = 2**20
MAX_BYTES = 8 * 2**30  # of all files: more than the largest model's weights
LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")
NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f\\]+")


def is_one(folder: pathlib.Path) -> bool:
    """Whether a folder is meant as a pack."""
    is_run = (folder / OF_A_RUN).is_file()
    return not is_run and any((folder / name).is_file() for name in (SUMS, WEIGHTS))


def check(folder: pathlib.Path) -> None:
    """Raises BadRequest where its files are not those that its sums name, each as it was.

    Beside them there may be the card, results of commands, and hidden files, as Git and the Hub
    have them.
    """
    sums = _read(folder / SUMS)
    for entry, _ in bounded.walk(folder):
        name = pathlib.PurePath(entry.path).relative_to(folder).as_posix()
        if entry.is_dir(follow_symlinks=False) or _is_beside(name):
            continue
        if entry.is_symlink():
            raise BadRequest(
                f"{entry.path} is a link; a pack has none\n"
                "fetch the pack anew, the files themselves"
            )
        if name not in sums:
            raise _damaged(folder, f"{name!r} is not in its {SUMS}")
    left = MAX_BYTES
    for name, wanted in sums.items():
        left -= _size(folder, name)
        if left < 0:
            raise _damaged(folder, f"its files have more than {MAX_BYTES >> 30} GiB")
        with open(folder / name, "rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != wanted:
                raise _damaged(folder, f"the sum of {name!r} is another than in its {SUMS}")


def write_sums(folder: pathlib.Path) -> None:
    """SHA256SUMS of the files in a folder that is being made; anew where there is one."""
    lines = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if _is_beside(path.relative_to(folder).as_posix()):
            continue
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        lines.append(f"{digest}  {path.relative_to(folder).as_posix()}\n")
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def _is_beside(name: str) -> bool:
    first, _, rest = name.partition("/")
    is_hidden = first.startswith(".") and first != OF_A_RUN.parts[0]
    return name in (SUMS, CARD) or is_hidden or (first == RESULTS and bool(rest))


def _read(path: pathlib.Path) -> dict[str, str]:
    """{name: SHA-256} of the sums. Raises BadRequest for what `write_sums` would not write."""
    if not path.is_file() or path.is_symlink():
        raise _damaged(path.parent, f"it has no {SUMS}")
    sums: dict[str, str] = {}
    for line in bounded.read_text(path, MAX_SUMS_BYTES).removesuffix("\n").split("\n"):
        found = LINE.fullmatch(line)
        if found is None or found[2] in sums:
            raise _damaged(path.parent, f"its {SUMS} is no list of sums and names")
        sums[found[2]] = found[1]
    for name in sums:
        parts = name.split("/")
        if not NAME.fullmatch(name) or name.startswith("/") or {"", ".", ".."} & set(parts):
            raise _damaged(path.parent, f"{name[:100]!r} in its {SUMS} is no name of a file in it")
    if CONFIG not in sums or WEIGHTS not in sums:
        raise _damaged(path.parent, f"its {SUMS} does not name {CONFIG} and {WEIGHTS}")
    return sums


def _size(folder: pathlib.Path, name: str) -> int:
    """Of a plain file; a folder on the way to it is no link, as `check` has seen."""
    try:
        about = os.lstat(folder / name)
    except OSError:
        raise _damaged(folder, f"{name!r} is missing") from None
    if not stat.S_ISREG(about.st_mode):
        raise _damaged(folder, f"{name!r} is no file")
    return about.st_size


def _damaged(folder: pathlib.Path, why: str) -> BadRequest:
    return BadRequest(f"{folder} is not a whole pack: {why}\nfetch it anew, or ask who gave it")
