"""Finished runs grouped by what varies among them, best group first."""

import dataclasses
from typing import Any

from aecli.comparison import ranking
from aecli.comparison.interval import Summary, summary
from aecli.comparison.records import LeftOut, Record, read
from aecli.comparison.settings import Setting, varying
from aecli.comparison.sources import Source
from aecli.comparison.values import shown
from aecli.errors import BadRequest
from aecli.quantity import HIGHER, Quantity


@dataclasses.dataclass(frozen=True)
class Row:
    """Runs that differ in their seed alone. values: of the settings; records: by seed."""

    values: list[Any]
    records: list[Record]
    summaries: dict[str, Summary]  # {metric: over the seeds}


@dataclasses.dataclass(frozen=True)
class Leaderboard:
    """settings and follows: of settings.Varying; rows: best first by `metric`."""

    source: Source
    title: str  # vae on mnist
    settings: list[Setting]
    follows: dict[str, list[str]]
    metric: str
    metrics: list[str]  # the one that ranks first
    quantities: dict[str, Quantity]  # of each of them, and of val_loss
    rows: list[Row]
    left_out: list[LeftOut]
    loss_differs_by: list[str]  # of ranking.Ranking, as are the notes
    notes: list[str]
    pair: tuple[Record, Record] | None  # as they were named, where just two runs were compared

    @property
    def records(self) -> list[Record]:
        return [record for row in self.rows for record in row.records]

    @property
    def higher_is_better(self) -> bool:
        return self.quantities[self.metric].better == HIGHER

    @property
    def metric_label(self) -> str:
        """mse (a pixel)"""
        return self.quantities[self.metric].label(self.metric)

    @property
    def has_repetitions(self) -> bool:
        return any(len(row.records) > 1 for row in self.rows)


def leaderboard(source: Source, metric: str | None = None) -> Leaderboard:
    """Read the runs and rank them. Raises BadRequest: none is done, no such metric."""
    read_ones = [read(entry) for entry in source.entries]
    records = [one for one in read_ones if isinstance(one, Record)]
    left_out = [one for one in read_ones if isinstance(one, LeftOut)]
    if not records:
        raise BadRequest(f"no run is done that could be compared: {_counted(left_out)}")
    found = varying(records)
    chosen = ranking.ranking(records, found.settings, metric)
    names = ranking.names_of(records)
    metrics = [chosen.metric, *(name for name in names if name != chosen.metric)]
    quantities = {name: _quantity(records, name) for name in {"val_loss", *metrics}}
    rows, repeated = _rows(records, found.settings, metrics)
    rows.sort(key=lambda row: _place(row, chosen.metric, quantities[chosen.metric]))
    return Leaderboard(
        source, _title(records), found.settings, found.follows, chosen.metric, metrics,
        quantities, rows, left_out + repeated,
        chosen.loss_differs_by, chosen.notes,
        (records[0], records[1]) if len(records) == len(source.entries) == 2 else None,
    )  # fmt: skip


def _rows(records: list[Record], settings: list[Setting], metrics: list[str]):
    """-> rows; runs left out because a later one has the same settings and seed.

    Such two are no two draws: with both in it an interval would be too narrow.
    """
    groups: dict[tuple, dict[int, int]] = {}  # {settings: {seed: index of the record}}
    repeated = []
    for i in sorted(range(len(records)), key=lambda i: records[i].started):
        key = tuple(shown(setting.values[i]) for setting in settings)
        by_seed = groups.setdefault(key, {})
        if records[i].seed in by_seed:
            earlier, later = records[by_seed[records[i].seed]], records[i]
            reason = f"{later.entry.label} has the same settings and seed"
            repeated.append(LeftOut(earlier.entry, "repeated", reason))
        by_seed[records[i].seed] = i
    rows = []
    for by_seed in groups.values():
        indices = [by_seed[seed] for seed in sorted(by_seed)]
        mine = [records[i] for i in indices]
        values = [setting.values[indices[0]] for setting in settings]
        rows.append(Row(values, mine, {name: _summary(mine, name) for name in metrics}))
    return rows, repeated


def _summary(records: list[Record], metric: str) -> Summary:
    values = [record.metrics.get(metric) for record in records]
    return summary([value for value in values if value is not None])


def _quantity(records: list[Record], metric: str) -> Quantity:
    """As a run that has a value says; without a unit where the runs have several."""
    havers = [r for r in records if r.metrics.get(metric) is not None] or records
    found = [r.quantities[metric] for r in havers if metric in r.quantities]
    if len({quantity.unit for quantity in found}) > 1:
        return dataclasses.replace(found[0], unit="")
    return found[0]


def _place(row: Row, metric: str, quantity: Quantity) -> tuple[bool, float]:
    mean = row.summaries[metric].mean
    if mean is None:
        return (True, 0.0)
    return (False, -mean if quantity.better == HIGHER else mean)


def _title(records: list[Record]) -> str:
    """vae on mnist; ae, vae on digits"""
    pairs = [record.title.partition(" on ") for record in records]
    models = list(dict.fromkeys(model for model, _, _ in pairs))
    datasets = list(dict.fromkeys(dataset for _, _, dataset in pairs))
    models = models if len(models) <= 3 else [f"{len(models)} models"]
    datasets = datasets if len(datasets) <= 3 else [f"{len(datasets)} data sets"]
    return f"{', '.join(models)} on {', '.join(datasets)}"


def _counted(left_out: list[LeftOut]) -> str:
    states = [one.state for one in left_out]
    return ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
