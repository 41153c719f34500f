"""Which run is newer, also after a clock was set back or summer time ended."""

import datetime
import os
import pathlib
from typing import Any

from aecli.errors import BadRequest
from aecli.untrusted import tables

UTC = datetime.UTC
FIRST = datetime.datetime.min.replace(tzinfo=UTC)
STEP = datetime.timedelta(microseconds=1)
STATUS = ("status.json", "01/status.json")  # of a run, of a sweep's first job


def of(status: dict[str, Any]) -> datetime.datetime:
    """When a run was made by its status.json, in UTC; before all others where that is not said."""
    try:
        found = datetime.datetime.fromisoformat(str(status.get("order") or status.get("started")))
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        return FIRST


def following(root: str | os.PathLike) -> str:
    """What a run that is made now has as its order: after those under `root` (day/time_name)."""
    now = datetime.datetime.now(UTC)
    newest = max((of(_status(folder)) for folder in _last(root)), default=FIRST)
    return (now if newest < now else newest + STEP).isoformat(timespec="microseconds")


def of_sweep(folder: pathlib.Path) -> datetime.datetime:
    """When a sweep was made: as its first job."""
    return of(_status(folder))


def _last(root: str | os.PathLike) -> list[pathlib.Path]:
    """The newest folder by its name: runs are named by day and time."""
    place = pathlib.Path(root)
    for _ in range(2):
        try:
            names = [e.name for e in os.scandir(place) if e.is_dir() and e.name[:1].isdigit()]
        except OSError:
            return []
        if not names:
            return []
        place /= max(names)
    return [place]


def _status(folder: pathlib.Path) -> dict[str, Any]:
    for name in STATUS:
        if (folder / name).is_file():
            try:
                return tables.read_status(folder / name)
            except BadRequest:
                return {}
    return {}
