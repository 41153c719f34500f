"""Folders that a user names for a run or a sweep: what is in them is never overwritten."""

import pathlib

from aecli import typed
from aecli.errors import BadRequest
from aecli.files import remove, writing
from aecli.locking import NAME
from aecli.runs.config import CONFIG
from aecli.runs.run import read_status

SWEEP = pathlib.Path("sweep.json")
MARKS = (CONFIG, SWEEP, pathlib.Path("multirun.yaml"))  # of a run, of a sweep
KEPT = (NAME, "multirun.yaml")  # the lock that is held; what Hydra has just written anew


def refuse_filled(folder: pathlib.Path, replace: bool) -> None:
    """Raises BadRequest where a folder has anything in it that is not to be replaced.

    replace: whether the user has said that a run or a sweep may be deleted; nothing else ever is.
    """
    if not folder.is_dir() or not any(entry.name != NAME for entry in folder.iterdir()):
        return
    if not any((folder / mark).is_file() for mark in MARKS):
        raise BadRequest(
            f"{folder} is not empty, and it is no run or sweep\nname another folder: {folder}-2"
        )
    if not replace:
        raise BadRequest(
            f"{folder} has {_content(folder)} already\n"
            "name another folder, or have it deleted first: replace=true"
        )


def clear(folder: pathlib.Path) -> None:
    """Delete all that a folder has, but its lock. Raises CannotWrite."""
    with writing(folder):
        for entry in list(folder.iterdir()):
            if entry.name not in KEPT:
                remove(entry)


def _content(folder: pathlib.Path) -> str:
    if not (folder / CONFIG).is_file():
        go_on = typed.command("train", sweep=folder)
        return f"a sweep (go on with it: {go_on})" if (folder / SWEEP).is_file() else "a sweep"
    status = read_status(folder)
    return f"a run, {status.get('model', '?')} on {status.get('dataset', '?')},"
