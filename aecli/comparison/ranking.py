"""By which metric runs are ranked, and what it cannot tell."""

import dataclasses

from aecli.comparison.choices import TARGET
from aecli.comparison.records import Record
from aecli.comparison.settings import Setting, is_seed
from aecli.comparison.values import ABSENT, shown
from aecli.errors import BadRequest

PIXEL = ("bce", "mse", "psnr")
INSTEAD = ("mse", "bce", "psnr")  # what ranks runs whose losses are different quantities
NEUTRAL = {  # keys that do not change what the loss measures
    "model.latent_dim",
    "model.flat",
    "model.upper_dims",
    "model.level_widths",
    "model.code_activation",
    "model.warmup_epochs",
    "loss.activation",
    "loss.negative_slope",
}


@dataclasses.dataclass(frozen=True)
class Ranking:
    """metric: what rows are sorted by; notes: what a reader must know of it, a line each.

    loss_differs_by: the keys for which the loss is not one quantity in all runs.
    """

    metric: str
    loss_differs_by: list[str]
    notes: list[str]


def names_of(records: list[Record]) -> list[str]:
    """The metrics that some run has a value of: val_loss first."""
    names = dict.fromkeys(name for record in records for name in record.metrics)
    return [n for n in names if any(r.metrics.get(n) is not None for r in records)]


def ranking(records: list[Record], settings: list[Setting], asked: str | None) -> Ranking:
    """The metric that was asked for; else val_loss, if it is one quantity in all runs.

    Raises BadRequest for a metric that no run has.
    """
    names, notes = names_of(records), []
    if not names:
        raise BadRequest("these runs have no metrics to compare: no val_loss, no metrics.json")
    if asked is not None and asked not in names:
        raise BadRequest(f"metric={asked} is none of these runs': it can be {', '.join(names)}")
    causes = _causes(records, settings, ("model", "loss"))
    metric = asked or _default(records, names, bool(causes))
    why = f"the losses are different quantities: {', '.join(causes)} {_differ(causes)}"
    if causes and asked is None:
        notes.append(f"{why}; sorted by {metric} instead of val_loss")
    elif causes and metric not in PIXEL:
        notes.append(f"{why}; read {metric} across them with care")
    if data := _causes(records, settings, ("dataset", "noise")):
        notes.append(f"{', '.join(data)} {_differ(data)}: the runs had other data or another task")
    return Ranking(metric, causes, notes)


def _default(records: list[Record], names: list[str], losses_differ: bool) -> str:
    wanted = [*INSTEAD, "val_loss"] if losses_differ else ["val_loss", *INSTEAD]
    everywhere = [n for n in names if all(r.metrics.get(n) is not None for r in records)]
    return next((name for name in wanted if name in everywhere), names[0])


def _causes(records: list[Record], settings: list[Setting], groups: tuple) -> list[str]:
    """The keys below some groups that make runs incomparable: at most three, those shown first."""
    keys = dict.fromkeys(key for record in records for key in record.leaves)
    columns = {
        key: [record.leaves.get(key, ABSENT) for record in records]
        for key in keys
        if key.partition(".")[0] in groups and key not in NEUTRAL
    }
    found = dict.fromkeys(
        key.removesuffix(TARGET)
        for key, values in columns.items()
        if len({shown(value) for value in values}) > 1 and not is_seed(values, records)
    )
    visible = [setting.key for setting in settings if setting.key in found]
    inside = tuple(f"{key}." for key in visible)
    return [*visible, *(k for k in found if k not in visible and not k.startswith(inside))][:3]


def _differ(keys: list[str]) -> str:
    return "differs" if len(keys) == 1 else "differ"
