"""Runs under a folder: find one, list all."""

import dataclasses
import datetime
import os
import pathlib
from typing import Any

from aecli import typed
from aecli.errors import BadRequest
from aecli.locking import is_locked
from aecli.runs import order, quantities, tags
from aecli.runs.config import CONFIG
from aecli.runs.run import Run, read_status
from aecli.untrusted import bounded


def at(path: str, key: str = "run") -> Run:
    """The run at a path. Raises BadRequest, which names the key."""
    if not pathlib.Path(path).is_dir():
        raise BadRequest(f"{key}={path} does not exist; see aecli runs")
    run = Run(path)
    run.config  # noqa: B018  (refuses what is not a run)
    return run


def find_any(path: str, root: str = "outputs") -> Run:
    """The run at a path, or with path="latest" the newest one, in whatever state."""
    if path != "latest":
        return at(path, "resume")
    infos = list_runs(root)
    if not infos:
        make = typed.command("train", **typed.elsewhere(root))
        raise BadRequest(f"no run under {root}/\nmake one: {make}")
    return Run(infos[-1].folder)


@dataclasses.dataclass(frozen=True)
class RunInfo:
    """One line of `aecli runs`. state: of Run.finish; or queued, running, killed."""

    folder: pathlib.Path
    name: str
    model: str
    dataset: str
    epochs_done: int
    state: str
    val_loss: float | None
    unit: str  # of val_loss
    started: str
    order: datetime.datetime = order.FIRST
    tags: tuple[str, ...] = ()
    note: str = ""


def list_runs(root: str | os.PathLike = "outputs") -> list[RunInfo]:
    """The runs under a folder, oldest first; reads small text files only."""
    infos = []
    for path in bounded.find_files(root, "status.json"):
        status = read_status(path.parent)
        if not (path.parent / CONFIG).is_file() or "state" not in status:
            continue
        infos.append(
            RunInfo(
                folder=path.parent,
                name=Run(path.parent).name,
                model=str(status.get("model", "?")),
                dataset=str(status.get("dataset", "?")),
                epochs_done=int(status.get("epochs_done", 0)),
                state=state_of(path.parent, status),
                val_loss=status.get("val_loss"),
                unit=quantities.of_columns(status, ["val_loss"])["val_loss"].unit,
                started=str(status.get("started", "")),
                order=order.of(status),
                **dataclasses.asdict(tags.read(path.parent)),
            )
        )
    return sorted(infos, key=lambda info: (info.order, str(info.folder)))


def state_of(folder: pathlib.Path, status: dict[str, Any] | None = None) -> str:
    """What status.json says, or the status given, unless the process that wrote it is gone."""
    stated = str((read_status(folder) if status is None else status).get("state", "?"))
    return "killed" if stated == "running" and not is_locked(folder) else stated
