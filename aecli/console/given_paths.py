"""Bare words that are paths: `aecli eval RUN`, `aecli detect photos`.

Standard library only, as the words are sorted before anything else is imported.
"""

import os
import re
from pathlib import Path

from aecli.console import catalog, chosen_data
from aecli.errors import BadRequest
from aecli.typed import quoted

LATEST = "latest"


def words_for(command: str, word: str, stated: list[str]) -> list[str] | None:
    """Returns the overrides that a bare word stands for; None where it is no path.

    A run or a sweep is run=, other data input= or, for a command without, dataset= with its path.
    Raises BadRequest for a path that leads nowhere.
    """
    keys = _keys(command)
    if "run" not in keys:
        return None
    if word == LATEST:
        return []
    if _has_runs(word):
        raise BadRequest(f"{word} has several runs\nname one of them; aecli runs lists them")
    if chosen_data.trained(word) or (os.path.isdir(word) and not keys & {"input", "dataset"}):
        return [f"run={quoted(word)}"]
    if not chosen_data.is_path(word):
        return None
    if not os.path.exists(os.path.expanduser(word)):
        hint = "aecli runs lists what has been trained"
        raise BadRequest(f"{word} does not exist, seen from {Path.cwd()}\n{hint}")
    if "input" in keys:
        return [f"input={quoted(word)}"]
    if "dataset" in keys:
        return chosen_data.words_for(word, stated)
    raise BadRequest(f"{word} is no folder of a run\naecli runs lists what has been trained")


def _has_runs(word: str) -> bool:
    """Whether a folder that is neither a run nor a sweep has runs below it, as outputs/ has."""
    if not os.path.isdir(word) or chosen_data.trained(word):
        return False
    return any(any(Path(word).glob(f"{below}.hydra")) for below in ("*/", "*/*/"))


def refuse(command: str, overrides: list[str]) -> None:
    """Raises BadRequest for dataset=PATH, and for a path that another reader than the chosen reads.

    It says what to type instead.
    """
    if "dataset" not in _keys(command):
        return
    stated = {one.partition("=")[0]: _bare(one.partition("=")[2]) for one in overrides}
    option, path = stated.get("dataset", ""), stated.get("dataset.path", "")
    names = {one.name for one in catalog.options("dataset")}
    if option not in names and chosen_data.is_path(option) and "," not in option:
        words = chosen_data.to_type(option)
        raise BadRequest(f"dataset={option} is a path, and no option\ntype {words}")
    reads = chosen_data.reader_of(path) if path else None
    is_folder = reads == "image_folder"
    if reads and is_folder and option in chosen_data.OF_FILES:
        raise BadRequest(
            f"dataset={option} reads a file, and {path} is a folder\n"
            f"of pictures: {chosen_data.to_type(path)}"
        )
    if reads and not is_folder and option == "image_folder":
        raise BadRequest(
            f"dataset=image_folder reads a folder, and {path} is a file\n"
            f"type {chosen_data.to_type(path)}"
        )


def _keys(command: str) -> set[str]:
    """The keys and groups at the root of a command's YAML."""
    text = catalog.commands()[command].read_text(encoding="utf-8")
    return {*re.findall(r"^(?:  - )?([a-z_]+):", text, re.MULTILINE)}


def _bare(value: str) -> str:
    return value[1:-1] if value[:1] in ("'", '"') and value[-1:] == value[:1] else value
