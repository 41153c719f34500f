"""Part: the rows of a table as found in a file, and what is done where values are missing."""

import dataclasses

import numpy as np

from aecli.datasets import ids as ids_of
from aecli.datasets.columns import row_name
from aecli.datasets.rows import Rows, in_blocks
from aecli.datasets.source_file import shown
from aecli.datasets.splits import Array
from aecli.datasets.table_texts import Coded
from aecli.errors import BadRequest


@dataclasses.dataclass(frozen=True)
class Roles:
    """What the columns of a file are, by name; label, id: None where there is none.

    maybe: those among the categories that nobody named.
    """

    features: list[str]
    categories: tuple[str, ...] = ()
    label: str | None = None
    id: str | None = None
    maybe: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Part:
    """name: for messages. x: [N, D] float32 of the features, NaN where a value is missing.

    x may be Rows, which stay in their file. categories: {column: its values}, of whose positions it
    consists; ids: texts [N], or the rows' numbers from 1.
    """

    name: str
    x: Array
    categories: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    label: Coded | None = None
    ids: ids_of.Ids | None = None

    def __post_init__(self) -> None:
        if self.ids is None:
            object.__setattr__(self, "ids", ids_of.Numbers(len(self.x)))

    def checked(self, names: list[str], missing: str) -> tuple["Part", str]:
        """(its rows, what to say of them): finite, and without gaps where none are taken.

        missing: error, or drop: rows with gaps are left out; else gaps stay. Raises BadRequest
        with row and column.
        """
        infinite, gaps, whole, start = _Bad(), _Bad(), [], 0
        for block in in_blocks(self.x):
            is_sound = np.isfinite(block.min()) and np.isfinite(block.max())  # both pass NaN on
            if not is_sound:
                infinite.add(np.isinf(block), start)
                gaps.add(np.isnan(block), start)
            if missing == "drop":
                there = np.ones(len(block), bool) if is_sound else ~np.isnan(block).any(axis=1)
                whole.append(start + np.flatnonzero(there))
            start += len(block)
        if infinite.count:
            raise BadRequest(
                f"{self._first(infinite, names, 'values are infinite in float32')}\ncorrect them, "
                "or remove their rows"
            )
        if not gaps.count or missing not in ("error", "drop"):
            return self, ""
        if missing == "error":
            raise BadRequest(
                f"{self._first(gaps, names, 'values are missing or NaN')}\n"
                "fill them, or state dataset.missing=drop, mean or indicator for the training"
            )
        rows = np.concatenate(whole)
        if not len(rows):
            raise BadRequest(f"{self.name}: every row lacks a value, and dataset.missing=drop")
        return self.take(rows), (
            f"{len(self.x) - len(rows):,} of {len(self.x):,} rows of {self.name} lack values and "
            "are left out (dataset.missing=drop)"
        )

    def check_counts(self, places: dict[str, int]) -> None:
        """Raises BadRequest for what is no count in columns, {name: its place}."""
        start = 0
        for block in in_blocks(self.x) if places else ():
            for column, place in places.items():
                values = block[:, place]
                wrong = (values < 0) | (values != np.floor(values)) & ~np.isnan(values)
                if wrong.any():
                    row = int(wrong.argmax())
                    raise BadRequest(
                        f"dataset.counts: {self.name} has {values[row]:g} in "
                        f"{row_name(self.ids, start + row)}, column {shown(column)!r}; counts are "
                        "whole numbers from 0"
                    )
            start += len(block)

    def take(self, rows: np.ndarray) -> "Part":
        """The rows at these positions."""
        x = self.x.take(rows) if isinstance(self.x, Rows) else self.x[rows]
        label, ids = self.label, self.ids
        assert ids is not None
        ids = ids[rows] if isinstance(ids, np.ndarray) else ids.take(rows)
        return dataclasses.replace(self, x=x, label=label and label.take(rows), ids=ids)

    def _first(self, bad: "_Bad", names: list[str], what: str) -> str:
        row, column = bad.first
        return (
            f"{self.name}: {bad.count:,} {what}, the first in {row_name(self.ids, row)}, "
            f"column {shown(names[column])!r}"
        )


class _Bad:
    """How many values are not as they should be, and where the first is: row, column."""

    def __init__(self) -> None:
        self.count, self.first = 0, (-1, -1)

    def add(self, bad: np.ndarray, start: int) -> None:
        """bad: [n, D] bool of rows from number `start` on."""
        if not self.count and bad.any():
            row, column = np.unravel_index(bad.argmax(), bad.shape)
            self.first = start + int(row), int(column)
        self.count += int(np.count_nonzero(bad))
