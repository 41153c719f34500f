"""Which of the runs under a folder are meant: by path, model, data, state, tag and age."""

import dataclasses
import datetime
import os
import pathlib
import re
from typing import Any

from omegaconf import DictConfig

from aecli.errors import BadRequest
from aecli.runs.listing import RunInfo, list_runs

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
STATES = ("done", "failed", "interrupted", "killed", "pruned", "queued", "running")
SORTS = {
    "started": "order",
    "val_loss": "val_loss",
    "model": "model",
    "dataset": "dataset",
    "epochs": "epochs_done",
    "state": "state",
    "name": "name",
}


@dataclasses.dataclass(frozen=True)
class Query:
    """What is asked of a run; None asks nothing. older: as 30d, 12h, 2w, 5m."""

    model: str | None = None
    dataset: str | None = None
    status: str | None = None
    tag: str | None = None
    older: str | None = None

    def __post_init__(self) -> None:
        if self.status is not None and self.status not in STATES:
            raise BadRequest(f"status must be one of {', '.join(STATES)}; got {self.status}")
        self._age()

    @classmethod
    def of(cls, cfg: DictConfig) -> "Query":
        """What the keys of a command ask of runs. Raises BadRequest."""
        stated = {key: cfg[key] for key in ("status", "tag", "older")} | dict(cfg.where)
        return cls(**{str(key): None if v is None else str(v) for key, v in stated.items()})

    @property
    def asks(self) -> bool:
        return any(value is not None for value in dataclasses.astuple(self))

    def holds(self, info: RunInfo) -> bool:
        """Whether a run is one of those. A run that does not say when it began is not old."""
        pairs = ((self.model, info.model), (self.dataset, info.dataset), (self.status, info.state))
        if any(asked is not None and asked != its for asked, its in pairs):
            return False
        if self.tag is not None and self.tag not in info.tags:
            return False
        age = self._age()
        if age is None:
            return True
        now = datetime.datetime.now(datetime.UTC)
        return info.started != "" and now - info.order > age

    def _age(self) -> datetime.timedelta | None:
        if self.older is None:
            return None
        match = re.fullmatch(r"(\d{1,5})([mhdw])", self.older, re.ASCII)
        if match is None:
            raise BadRequest(
                f"older must be a number and m, h, d or w, as older=30d; got {self.older}"
            )
        return datetime.timedelta(**{UNITS[match[2]]: int(match[1])})


def chosen(root: str | os.PathLike, places: list[pathlib.Path], query: Query) -> list[RunInfo]:
    """The runs at these places, or under root where none is named, for which the query holds.

    A place is a run, or a folder of runs. Raises BadRequest for a place without any run.
    """
    found: dict[pathlib.Path, RunInfo] = {}
    for place in places or [pathlib.Path(root)]:
        infos = list_runs(place)
        if places and not infos:
            there = "is no run folder, and has none" if place.exists() else "does not exist"
            raise BadRequest(f"{place} {there}; see aecli runs")
        found |= {info.folder.absolute(): info for info in infos}
    return [info for info in found.values() if query.holds(info)]


def in_order(infos: list[RunInfo], sort: str) -> list[RunInfo]:
    """Sorted by a name of SORTS, with - before it the other way round; what has none comes last.

    Raises BadRequest.
    """
    name = sort.removeprefix("-")
    if name not in SORTS:
        raise BadRequest(
            f"sort must be one of {', '.join(SORTS)}, - before it turns it; got {sort}"
        )

    def value(info: RunInfo) -> Any:
        return getattr(info, SORTS[name])

    known = sorted((one for one in infos if value(one) is not None), key=value)
    known = known[::-1] if sort.startswith("-") else known
    return known + [one for one in infos if value(one) is None]
