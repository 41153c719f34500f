"""What data named among the words of a command choose: `aecli train data.csv` finds its reader.

Standard library only, as the words are sorted before anything else is imported; but for a file of
arrays or in Parquet, whose first bytes tell.
"""

import gzip
import os
import re
from pathlib import Path

from aecli import typed
from aecli.console import catalog
from aecli.datasets.pixel_names import are_pixels
from aecli.errors import BadRequest
from aecli.typed import quoted

READERS = {  # suffix, without .gz: option of dataset
    ".csv": "table", ".tsv": "table", ".tab": "table", ".npz": "npz", ".npy": "npz",
    ".parquet": "parquet", ".ts": "series", ".txt": "text",
}  # fmt: skip
IDX = re.compile(r"[-.]idx\d[-.]ubyte$")  # MNIST's own names
HEAD = 2**16  # bytes in which the first line of a CSV ends
FITTING = re.compile(r"#\s*@(loss|network)\s+(\w+)")  # in a dataset's YAML: what fits its values
OF_FILES = ("csv", "idx", "npz", "parquet", "table", "text")  # options that read no folder
TRAINED = {  # key of aecli train that goes on with a folder: the file that tells it
    "resume": os.path.join(".hydra", "config.yaml"),
    "sweep": "sweep.json",
    "warm_start": "model.safetensors",
}
COMMANDS = ("bench", "inspect", "train", "tune")


def is_path(word: str) -> bool:
    """Returns whether a word is meant as a file or a folder: it is there, or looks like one."""
    return "/" in word or Path(word).suffix.lower() in READERS or os.path.exists(word)


def reader_of(word: str) -> str | None:
    """Returns the option of dataset that reads a file or folder, None for what none reads."""
    path = Path(os.path.expanduser(word))
    if os.path.isdir(path):
        return "image_folder"
    if not os.path.isfile(path):
        return None
    name = path.name.lower().removesuffix(".gz")
    if IDX.search(name):
        return "idx"
    option = READERS.get(Path(name).suffix)
    if option in ("npz", "parquet"):
        return "table" if _is_table(path, option) else option
    return "csv" if option == "table" and _is_of_pixels(path) else option


def trained(word: str) -> str | None:
    """Returns resume, sweep or, of a pack, warm_start: the key of aecli train that goes on with a
    folder; else None."""
    found = (key for key, name in TRAINED.items() if os.path.isfile(os.path.join(word, name)))
    return next(found, None)


def words_for(word: str, stated: list[str]) -> list[str]:
    """Returns the overrides that a bare word, the name of existing data, stands for.

    stated: the words of the line; a data set that they choose reads the file. Raises BadRequest
    for data that no reader is known for.
    """
    if key := trained(word):
        what = {"resume": "a run", "sweep": "a sweep"}.get(key, "a pack")
        config = [os.path.join(word, "config.yaml")] if what == "a pack" else []
        go_on = typed.command("train", *config, **{key: word})
        raise BadRequest(f"{word} is {what}, and no data\ngo on with it: {go_on}")
    chosen = next((one for one in stated if one.startswith("dataset=")), None)
    option = reader_of(word)
    if not os.path.exists(os.path.expanduser(word)):
        raise BadRequest(f"{word} does not exist, seen from {Path.cwd()}")
    if option is None and chosen is None:
        names = ", ".join(READERS)
        raise BadRequest(
            f"{word}: no reader is known for it; {names}, IDX and folders of pictures have one\n"
            f"name one of `aecli list dataset`: dataset=OPTION {word}"
        )
    return [*([] if chosen else [f"dataset={option}"]), f"dataset.path={quoted(word)}"]


def to_type(path: str) -> str:
    """Returns the words for a path as a shell takes them. Raises BadRequest as words_for."""
    *option, _ = words_for(path, [])
    return " ".join([*option, typed.setting("dataset.path", path)])


def fitting(command: str, stated: list[str], config_dir: str | None) -> list[str]:
    """Returns [loss=NAME], [network=NAME] where the data set asks for others than the defaults.

    An experiment, a run that goes on, a loss and a network that are stated have their own.
    """
    keys = {one.partition("=")[0].lstrip("+~"): one.partition("=")[2] for one in stated}
    if (
        command not in COMMANDS
        or command == "inspect"
        or keys.keys() & {"experiment", "resume", "sweep"}
    ):
        return []
    names = keys.get("dataset", "").split(",")
    files = {option.name: option.file for option in catalog.options("dataset", config_dir)}
    asked = [_fitting_in(files[name]) if name in files else {} for name in names]
    alike = [group for group in asked[0] if all(one.get(group) == asked[0][group] for one in asked)]
    return [f"{group}={asked[0][group]}" for group in alike if group not in keys]


def _fitting_in(file: Path) -> dict[str, str]:
    """{group: option} of the comments at its head."""
    found = (FITTING.match(line) for line in catalog.head(file))
    return {match[1]: match[2] for match in found if match}


def _is_table(path: Path, option: str) -> bool:
    """Whether arrays have two axes and are no bytes, or no columns of a Parquet file are pixels.

    A file that cannot be read is left to the reader of images, which says why.
    """
    from aecli.datasets import table_arrays
    from aecli.datasets.parquet_file import read_names

    try:
        return table_arrays.is_table(path) if option == "npz" else not are_pixels(read_names(path))
    except (BadRequest, OSError):
        return False


def _is_of_pixels(path: Path) -> bool:
    """Whether the header of a CSV names pixels: pixel0, 1x1 ..., but for a label."""
    try:
        with open(path, "rb") as plain:
            is_packed = plain.read(2) == b"\x1f\x8b"
        with gzip.open(path) if is_packed else open(path, "rb") as stream:
            first = stream.readline(HEAD).decode("utf-8", "replace")
    except (OSError, EOFError):
        return False
    return are_pixels(first.strip().split(","))
