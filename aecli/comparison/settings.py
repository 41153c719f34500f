"""What varies among runs, found from their configs."""

import dataclasses
from typing import Any

from aecli import look
from aecli.comparison.choices import TARGET, Choice, differing
from aecli.comparison.measure import is_seed
from aecli.comparison.records import Record
from aecli.comparison.values import ABSENT, is_number, shown

IGNORED = (  # they change what is written, not the model
    "outputs",
    "figures",
    "metrics",
    "callbacks.checkpoint",
    "callbacks.csv_log",
    "callbacks.tensorboard",
    "callbacks.mlflow",
    "callbacks.wandb",
    "callbacks.model_diagram",
    *look.KEYS,
)
IF_STATED = ("trainer.threads",)  # shared out among the jobs of a sweep


@dataclasses.dataclass(frozen=True)
class Setting:
    """key: model.latent_dim; short: latent_dim, where no other setting ends so."""

    key: str
    short: str
    values: list[Any]  # one a record

    @property
    def is_numeric(self) -> bool:
        return all(is_number(value) for value in self.values)


@dataclasses.dataclass(frozen=True)
class Varying:
    """settings: what rows differ in. follows: {choice: the keys that go with it}, unshown."""

    settings: list[Setting]
    follows: dict[str, list[str]]


def varying(records: list[Record]) -> Varying:
    """The settings that vary among finished runs, in the order in which they were typed.

    The seed and what refers to it are none.

    A key that an option brings along (model=vae: model.beta) is shown where it was typed or is
    not the same in every run with that option; else it follows.
    """
    stated = list(dict.fromkeys(key for record in records for key in record.stated))
    shown_choices, follows = _choices(records, stated)
    found: dict[str, list[Any]] = {choice.key: choice.values for choice in shown_choices}
    known = {*found, *(key for keys in follows.values() for key in keys)}
    for key, values in _leaves(records, stated).items():
        if key in known:  # null in one run, an object in another
            continue
        bringer = _bringer(key, values, shown_choices)
        if bringer is not None and key not in stated:
            follows.setdefault(bringer, []).append(key)
        elif key in stated or not _copies(values, _typed(records, stated)):
            found[key] = values
    order = sorted(found, key=lambda key: stated.index(key) if key in stated else len(stated))
    return Varying([Setting(key, _short(key, found), found[key]) for key in order], follows)


def differences(first: Record, second: Record) -> dict[str, tuple[str, str]]:
    """{key: (its value in the first run, in the second)} of all that differs in two configs."""
    keys = [*first.leaves, *(key for key in second.leaves if key not in first.leaves)]
    keys = [key for key in keys if key not in look.KEYS]  # of the pictures, not of the runs
    pairs = {k: (_shown(first, k), _shown(second, k)) for k in keys}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def _shown(record: Record, key: str) -> str:
    return shown(record.leaves.get(key, ABSENT))


def _choices(records: list[Record], stated: list[str]):
    """-> the choices to show, {one of them: choices that go with it}"""
    kept: list[Choice] = []
    follows: dict[str, list[str]] = {}
    for choice in differing(records):
        if _is_ignored(choice.key, stated):
            continue
        bringer = _bringer(choice.key, choice.values, kept)
        if bringer is None or choice.key in stated:
            kept.append(choice)
        else:
            follows.setdefault(bringer, []).append(choice.key)
    return kept, follows


def _bringer(key: str, values: list[Any], choices: list[Choice]) -> str | None:
    """The choice that brings a key along, if one does."""
    found = (c.key for c in choices if c.key != key and c.carries(key) and c.determines(values))
    return next(found, None)


def _leaves(records: list[Record], stated: list[str]) -> dict[str, list[Any]]:
    """{key: its value in each record} of what differs and counts."""
    keys = dict.fromkeys(key for record in records for key in record.leaves)
    columns = {key: [record.leaves.get(key, ABSENT) for record in records] for key in keys}
    return {
        key: values
        for key, values in columns.items()
        if len({shown(value) for value in values}) > 1
        and not key.endswith(TARGET)
        and not _is_ignored(key, stated)
        and not is_seed(key, values, [record.seed for record in records])
    }


def _is_ignored(key: str, stated: list[str]) -> bool:
    inside = any(key == place or key.startswith(f"{place}.") for place in IGNORED)
    return inside or (key in IF_STATED and key not in stated)


def _typed(records: list[Record], stated: list[str]) -> list[list[Any]]:
    return [[record.leaves.get(key) for record in records] for key in stated]


def _copies(values: list[Any], columns: list[list[Any]]) -> bool:
    """Whether a key has the value of a typed one in every run: a config refers to it so."""
    return values in columns


def _short(key: str, keys: dict) -> str:
    last = key.rpartition(".")[2]
    return last if sum(other.rpartition(".")[2] == last for other in keys) == 1 else key
