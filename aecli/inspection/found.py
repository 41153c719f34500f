"""What data are, once they were looked at."""

import dataclasses
from typing import Any

import numpy as np

from aecli.datasets.source import Source
from aecli.datasets.splits import Split
from aecli.dataspec import DataSpec
from aecli.inspection.columns import Column


@dataclasses.dataclass(frozen=True)
class Label:
    """A label with its number of examples in each part."""

    name: str
    counts: dict[str, int]


@dataclasses.dataclass(frozen=True)
class Found:
    """What data are, before anything is learnt of them.

    parts: those that are parts of their own; same: {part: the part that stands for it}. range:
    (lowest, highest) value, as in the files. columns: of a table. lengths: (shortest, longest) of
    series and sentences, None of others. missing: values that are not there. copies, leaks: as in
    twins; two_labels: examples that have more than one label. unusual: a line each; changes: words
    that a training of these data should have.
    """

    source: Source
    parts: dict[str, Split]
    same: dict[str, str]
    notes: list[str]
    range: tuple[float, float]
    labels: list[Label]
    columns: list[Column]
    lengths: tuple[int, int] | None
    missing: int
    copies: dict[str, int]
    leaks: dict[tuple[str, str], int]
    two_labels: int
    unusual: list[str] = dataclasses.field(default_factory=list)
    changes: list[str] = dataclasses.field(default_factory=list)

    @property
    def spec(self) -> DataSpec:
        """What one example is, as it was read."""
        spec = DataSpec.of(self.parts["train"].data_shape, self.source.columns)
        kind = self.source.kind
        return spec if kind is None else dataclasses.replace(spec, kind=kind)

    def examples(self, n: int) -> Split:
        """At most n of the training part, of each label in turn."""
        train = self.parts["train"]
        rows = np.arange(len(train))
        if train.labels is not None:
            order = np.argsort(train.labels, kind="stable")
            ordered = train.labels[order]
            nth = np.empty(len(train), int)  # of its label
            nth[order] = np.arange(len(train)) - np.searchsorted(ordered, ordered)
            rows = np.lexsort((train.labels, nth))
        return train.take(rows[:n])

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "from": self.source.origin,
            "kind": self.spec.kind,
            "shape": list(self.spec.shape),
            "channels": self.spec.shape[-1],
            "examples": {name: len(part) for name, part in self.parts.items()},
            "same_part": self.same,
            "range": list(self.range),
            "unit": self.source.unit,
            "lengths": self.lengths,
            "labels": [{"label": one.name, **one.counts} for one in self.labels],
            "columns": [dataclasses.asdict(one) for one in self.columns],
            "missing": self.missing,
            "duplicates": self.copies,
            "leakage": {f"{later} in {first}": n for (first, later), n in self.leaks.items()},
            "examples_with_several_labels": self.two_labels,
            "unusual": self.unusual,
            "notes": self.notes,
        }
