"""Run folders as a comparison sees them: finished ones, and those that are left out."""

import dataclasses
import math
import pathlib
import re
from typing import Any

from aecli import runs
from aecli.comparison.values import flatten
from aecli.errors import BadRequest
from aecli.quantity import Quantity
from aecli.runs import config, quantities
from aecli.untrusted import plain_yaml, tables
from aecli.visible import in_a_line

NAMES = ("experiment", "model", "dataset", "noise")  # the options whose names a status keeps


@dataclasses.dataclass(frozen=True)
class Entry:
    """A run to compare. label: what it is called in a table; line: its overrides in the sweep."""

    folder: pathlib.Path
    label: str
    line: str = ""


@dataclasses.dataclass(frozen=True)
class Record:
    """A finished run."""

    entry: Entry
    title: str  # vae on mnist
    started: str
    names: dict[str, str]  # {group: chosen option} of NAMES, where it is known
    leaves: dict[str, Any]  # {dotted key: value} of the whole config
    stated: tuple[str, ...]  # the keys that were typed for it, in that order
    metrics: dict[str, float | None]  # val_loss, then those of metrics.json
    quantities: dict[str, Quantity]  # of each of these
    kept: list[str]  # the keys that leave what is measured as it is, see measure.kept

    @property
    def seed(self) -> int:
        return self.leaves.get("seed", 0)


@dataclasses.dataclass(frozen=True)
class LeftOut:
    """A run that is not in the means. state: of `aecli runs`, or unreadable, repeated."""

    entry: Entry
    state: str
    reason: str = ""


def read(entry: Entry) -> Record | LeftOut:
    """The run of an entry; reads small text files only."""
    run = runs.Run(entry.folder)
    status = run.status
    state = runs.state_of(entry.folder, status)
    if state != "done":
        return LeftOut(entry, in_a_line(state), _reason(status))
    try:
        leaves = flatten(plain_yaml.read_config(config.file(run.folder)))
        overrides = runs.overrides(run.folder)
        val_loss = status.get("val_loss")
        finite = val_loss is not None and math.isfinite(val_loss)
        metrics = {
            "val_loss": val_loss if finite else None,
            **tables.read_metrics(run.folder / "metrics.json"),
        }
        measured = quantities.of_run(run, metrics)
    except BadRequest as error:
        return LeftOut(entry, "unreadable", in_a_line(str(error).splitlines()[0]))
    names = {group: status[group] for group in NAMES if status.get(group)}
    stated = tuple(dict.fromkeys(key_of(override) for override in overrides))
    started = str(status.get("started", ""))
    kept = quantities.kept(status)
    return Record(entry, run.title, started, names, leaves, stated, metrics, measured, kept)


def key_of(override: str) -> str:
    """+callbacks@x=y -> callbacks;  noise/inner=a -> noise.inner"""
    key = override.partition("=")[0].lstrip("+~")
    return re.sub("@.*", "", key).replace("/", ".")


def _reason(status: dict) -> str:
    """Why it failed, or how far it has come."""
    error = str(status.get("error") or "").splitlines()
    done = status.get("epochs_done")
    return in_a_line(error[0]) if error else f"{done} epochs done" if done else ""
