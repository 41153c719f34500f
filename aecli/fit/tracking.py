"""What the trackers of a training are told: before it, and once its folder is complete."""

import contextlib
import math
import pathlib
from collections.abc import Iterator
from typing import Any

from aecli import build, runs
from aecli.comparison.values import flatten
from aecli.errors import BadRequest
from aecli.fit.plan import Plan
from aecli.runs import place
from aecli.training.callbacks.tracker import Ended, Told, Tracker
from aecli.untrusted import tables

UNTOLD = ("outputs", "resume", "figures", "metrics", "callbacks")  # they change nothing
IMAGES = 8  # of the validation part


def describe(plan: Plan, folder: pathlib.Path, built: dict[str, Any]) -> None:
    """Tell each tracker among the callbacks of a run what it is that begins."""
    trackers = of(built)
    if not trackers:
        return
    told = Told(
        runs.Run(folder).name, _group(folder), settings(build.plain(plan.config)), _images(plan)
    )
    for tracker in trackers:
        tracker.told = told


def of(built: dict[str, Any]) -> list[Tracker]:
    """The trackers among callbacks."""
    return [callback for callback in built.values() if isinstance(callback, Tracker)]


@contextlib.contextmanager
def following(run: runs.Run) -> Iterator[list[Tracker]]:
    """Yields a list for the trackers of a run; however it ends, they are told what came out."""
    trackers: list[Tracker] = []
    try:
        yield trackers
    finally:
        if trackers:
            ended = _ended(run)
            for tracker in trackers:
                tracker.end(ended)


def settings(config: dict) -> dict[str, Any]:
    """{dotted key: value} of a config, a class by its name: model: VAE, model.beta: 1.0."""
    kept = {name: node for name, node in config.items() if name not in UNTOLD}
    leaves = {name: value for name, value in flatten(kept).items() if value not in (None, {})}
    return {
        name.removesuffix("._target_"): value.rpartition(".")[2]
        if name.endswith("._target_")
        else value
        for name, value in leaves.items()
    }


def _group(folder: pathlib.Path) -> str | None:
    """The sweep that a run is a job of, by its date and folder."""
    parent = folder.absolute().parent
    is_sweep = any((parent / mark).is_file() for mark in place.MARKS)
    return "/".join(parent.parts[-2:]) if is_sweep else None


def _images(plan: Plan) -> tuple[Any, Any, Any] | None:
    spec, part = plan.splits.spec, plan.splits.val
    if not spec.is_image or spec.shape[-1] not in (1, 3):
        return None
    x, target = plan.preparation.frozen(part.x[:IMAGES])
    return x, target, None if part.labels is None else part.labels[:IMAGES]


def _ended(run: runs.Run) -> Ended:
    try:
        found = tables.read_metrics(run.folder / "metrics.json")
    except BadRequest:
        found = {}
    metrics = {k: v for k, v in found.items() if v is not None and math.isfinite(v)}
    figures = sorted((run.folder / "figures").glob("*.png"))
    return Ended(str(run.status.get("state")), metrics, run.folder / runs.CONFIG, figures)
