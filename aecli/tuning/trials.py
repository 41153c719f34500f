"""A trial's run folder: made from its point, and read for what came of it. TensorFlow-free."""

import dataclasses
import math
from typing import Any

from omegaconf import OmegaConf

from aecli import runs
from aecli.console.wanted import NAMES
from aecli.errors import BadRequest
from aecli.files import made_folder
from aecli.tuning.studies import Study
from aecli.untrusted import tables

COMPLETE, PRUNED, FAIL = "COMPLETE", "PRUNED", "FAIL"  # as Optuna calls them


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a trial ended: its value where it is COMPLETE, the reason where it is FAIL."""

    state: str
    value: float | None = None
    reason: str | None = None


def prepare(study: Study, number: int, point: dict[str, Any]) -> None:
    """The run folder of a trial, its config frozen; one that is there stays as it is.

    Figures are left to the best run, unless they were asked for.
    """
    folder, terms = study.trial_folder(number), study.terms
    if (folder / runs.CONFIG).is_file() and "state" in runs.read_status(folder):
        return
    config = terms.config(point)
    OmegaConf.set_struct(config, False)
    OmegaConf.resolve(config)
    if not any(override.lstrip("+").startswith("figures") for override in terms.overrides):
        config.figures = {}
    names = {key: terms.base(point).choices.get(key) for key in NAMES}
    made_folder(folder)
    runs.create(folder, config, terms.overrides_of(point), {"command": "train", **names})
    runs.Run(folder).update_status(state="queued")


def outcome(study: Study, number: int) -> Outcome | None:
    """What came of a trial, None while it can be carried on."""
    run = runs.Run(study.trial_folder(number))
    state = runs.state_of(run.folder)
    if state == "done":
        return _of_done(run, study.terms.metric)
    if state == "pruned":
        return Outcome(PRUNED)
    if state == "failed":
        lines = str(run.status.get("error")).splitlines()
        return Outcome(FAIL, reason=lines[0] if lines else "failed")
    return None


def _of_done(run: runs.Run, metric: str) -> Outcome:
    try:
        values = _values(run, metric)
    except BadRequest as error:
        return Outcome(FAIL, reason=str(error).splitlines()[0])
    value = values.get(metric)
    if value is None:
        return Outcome(FAIL, reason=f"no {metric}; there are {', '.join(sorted(values))}")
    if not math.isfinite(value):
        return Outcome(FAIL, reason=f"{metric} is {value}")
    return Outcome(COMPLETE, value)


def _values(run: runs.Run, metric: str) -> dict[str, float | None]:
    """What the metric is one of: the best epoch's row of history.csv, or metrics.json."""
    status = run.status
    if metric == "val_loss":
        return {"val_loss": status.get("val_loss")}
    if not metric.startswith("val_"):
        return tables.read_metrics(run.folder / "metrics.json")
    row = status["best_epoch"] - 1
    return {n: column[row] for n, column in run.history.items() if n.startswith("val_")}
