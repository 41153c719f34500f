"""The chosen options of runs: where their configs have objects of different kinds."""

import dataclasses
from typing import Any

from aecli.comparison.records import NAMES, Record
from aecli.comparison.values import ABSENT, shown

TARGET = "._target_"
CARRIED = {"model": ("model", "network", "noise", "loss")}  # an option's YAML may set others


@dataclasses.dataclass(frozen=True)
class Choice:
    """key: model, network, callbacks.early_stopping ...; values: the option of each record."""

    key: str
    values: list[str]

    def carries(self, key: str) -> bool:
        """Whether choosing an option may set that key."""
        if self.key == "model" and key.partition(".")[0].endswith("_optimizer"):  # of a player
            return True
        places = CARRIED.get(self.key, (self.key,))
        return self.key == "experiment" or any(
            key == place or key.startswith(f"{place}.") for place in places
        )

    def determines(self, values: list[Any]) -> bool:
        """Whether these values, one a record, are the same wherever the option is the same."""
        texts = [shown(value) for value in values]
        return len(set(zip(self.values, texts, strict=True))) == len(set(self.values))


def differing(records: list[Record]) -> list[Choice]:
    """The choices that are not the same in all records, those that carry others first."""
    nodes = {k.removesuffix(TARGET) for r in records for k in r.leaves if k.endswith(TARGET)}
    keys = [*NAMES, *sorted(nodes - set(NAMES))]
    choices = [Choice(key, _options(records, key)) for key in keys]
    return [choice for choice in choices if len(set(choice.values)) > 1]


def _options(records: list[Record], key: str) -> list[str]:
    """The names that the runs' statuses keep, where they tell the kinds apart."""
    kinds = [_kind(record, key) for record in records]
    names = [record.names.get(key, kind) for record, kind in zip(records, kinds, strict=True)]
    if key != "experiment" and not Choice(key, names).determines(kinds):
        return kinds
    return names


def _kind(record: Record, key: str) -> str:
    """aecli.losses.gaussian.Gaussian -> gaussian, keras.optimizers.Adam -> adam."""
    target = record.leaves.get(f"{key}{TARGET}")
    if target is None:
        return shown(record.leaves.get(key, ABSENT))
    parts = str(target).split(".")
    return parts[-2] if parts[0] == "aecli" and len(parts) > 2 else parts[-1].lower()
