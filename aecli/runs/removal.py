"""Deleting runs: folders that are runs and nothing else, and none that is under way."""

import contextlib
import dataclasses
import os
import pathlib
import re
import shutil

from aecli.errors import FolderBusy
from aecli.files import writing
from aecli.locking import NAME as LOCK
from aecli.locking import is_locked, locked
from aecli.runs import data as run_data
from aecli.runs import sampling, tags
from aecli.runs.listing import RunInfo
from aecli.untrusted import bounded

OURS = {  # what a run folder has
    ".hydra", "checkpoints", "figures", "eval", "report.html", "card.md", "status.json",
    "history.csv", "metrics.json", "train.log", "console.txt", "validation_scores.npz",
    "training_codes.npz", "thresholds.json", "tensorboard", ".submitit", LOCK, run_data.NAME,
    sampling.FOLDER, tags.NAME,
}  # fmt: skip
TEMPORARY = r"\..+\.\d+\.tmp(\..+)?"  # of a process that was killed
STUDY = "journal.log"  # of aecli tune, which needs its trials
OF_A_SWEEP = ("sweep.json", "multirun.yaml", LOCK)  # goes with the last of its runs


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A run that is asked for; size: bytes; kept: why it is not deleted, "" where it may be."""

    info: RunInfo
    size: int
    kept: str


def looked_at(info: RunInfo) -> Candidate:
    """How large a run is, and whether it may go."""
    size = 0
    for entry, _ in bounded.walk(info.folder):
        with contextlib.suppress(OSError):
            size += entry.stat(follow_symlinks=False).st_size
    return Candidate(info, size, _why_kept(info))


def remove(info: RunInfo) -> str:
    """Delete a run folder; -> "", or why it is still there. Raises CannotWrite.

    No link is followed. Empty folders above it go with it, up to that of outputs.
    """
    folder = info.folder
    try:
        with locked(folder), writing(folder):
            if why := _why_kept(info, held=True):
                return why
            shutil.rmtree(folder)
    except FolderBusy:
        return "is under way"
    _tidy(folder.parent)
    return ""


def _why_kept(info: RunInfo, held: bool = False) -> str:
    """held: whether the lock is ours."""
    folder = info.folder
    if folder.is_symlink() or not folder.is_dir():
        return "is a link"
    if not held and (info.state == "running" or is_locked(folder)):
        return "is under way"
    if is_locked(folder.parent):
        return "is a job of a sweep that is under way"
    if any((above / STUDY).is_file() for above in folder.absolute().parents[:2]):
        return "is a trial of a study"
    others = sorted({entry.name for entry in os.scandir(folder)} - OURS)
    if others := [name for name in others if not re.fullmatch(TEMPORARY, name)]:
        return f"has {others[0]} beside the run's own files"
    return ""


def _tidy(folder: pathlib.Path) -> None:
    """What is left of a sweep without runs, and of a day without any."""
    for _ in range(2):
        names = {entry.name for entry in os.scandir(folder)}
        if "sweep.json" in names and names <= {*OF_A_SWEEP}:
            for name in names:
                (folder / name).unlink()
            names = set()
        if names or not _is_of_ours(folder):
            return
        with contextlib.suppress(OSError):
            folder.rmdir()
        folder = folder.parent


def _is_of_ours(folder: pathlib.Path) -> bool:
    """Whether its name is one that aecli gives: a day, or a time with what was done."""
    return re.fullmatch(r"\d{4}-\d\d-\d\d|\d\d-\d\d-\d\d_.+", folder.name) is not None
