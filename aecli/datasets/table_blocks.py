"""The rows of a table as they are read, a block at a time, on their way into memory or a file."""

from typing import Any, Protocol

import numpy as np

from aecli.datasets import table_texts
from aecli.datasets.table_part import Roles

BLOCK = 2**20  # values at a time


class Stored(Protocol):
    """A file of a table whose header was read: CSV or Parquet."""

    path: Any

    def batches(self, roles: Roles) -> Any:
        """Its rows as record batches of pyarrow, one after another. Raises BadRequest."""

    def most_rows(self) -> int:
        """At least as many as there are. Raises BadRequest."""
        ...

    def key(self) -> list:
        """How it is read, for who asks whether it was read before, as JSON."""
        ...


class Sink(Protocol):
    """Where the blocks go."""

    def block(self, rows: int) -> np.ndarray:
        """Room for so many further rows: [rows, D] float32, to be filled in."""
        ...

    def took(self, rows: int) -> None:
        """The room is filled."""

    def add(self, name: str, values: np.ndarray) -> None:
        """A further block of an array beside the rows."""

    def changed(self, change: Any) -> None:
        """Let `change` change all rows in place, a block [n, D] at a time."""


class Gathered:
    """What is known of a table after all of its rows were read: values of categories, labels."""

    def __init__(self, stored: Stored, roles: Roles, sink: Sink):
        self._roles, self._sink, self._where = roles, sink, str(stored.path)
        self._texts = {name: table_texts.category(self._where, name) for name in roles.categories}
        self._label = table_texts.label(self._where, roles.label or "")
        self._letters, self.rows = 0, 0
        if roles.id is not None:
            sink.add("ends", np.zeros(1, np.int64))
        for batch in stored.batches(roles):
            self._add(batch)
        self.categories = {name: tuple(sorted(held.known)) for name, held in self._texts.items()}
        self.labels = self._label.known
        self._put_in_order()

    def _add(self, batch: Any) -> None:
        roles = self._roles
        block = self._sink.block(batch.num_rows)
        for place, name in enumerate(roles.features):
            if name not in self._texts:
                block[:, place] = _numbers(batch.column(name))
                continue
            positions = self._texts[name].add(batch.column(name))
            block[:, place] = np.where(positions == table_texts.GAP, np.nan, positions)
        self._sink.took(batch.num_rows)
        self.rows += batch.num_rows
        if roles.label is not None:
            self._sink.add("label", self._label.add(batch.column(roles.label)))
        if roles.id is not None:
            data, lengths = table_texts.letters(self._where, roles.id, batch.column(roles.id))
            ends = self._letters + np.cumsum(lengths)
            self._letters += len(data)
            self._sink.add("letters", data)
            self._sink.add("ends", ends)

    def _put_in_order(self) -> None:
        """Categories become positions in their values in alphabetical order."""
        lookups = {}
        for name, held in self._texts.items():
            places = {text: place for place, text in enumerate(self.categories[name])}
            found = np.array([places[text] for text in held.known], np.float32)
            if (np.diff(found) < 0).any():
                lookups[self._roles.features.index(name)] = found

        def change(block: np.ndarray) -> None:
            for place, found in lookups.items():
                there = ~np.isnan(block[:, place])
                block[there, place] = found[block[there, place].astype(np.int32)]

        if lookups:
            self._sink.changed(change)


class InMemory:
    """A sink: x [N, D], and the arrays beside it."""

    def __init__(self, most: int, width: int):
        self._x, self._stop = np.empty((most, width), np.float32), 0  # not touched yet
        self._beside: dict[str, list[np.ndarray]] = {}

    def block(self, rows: int) -> np.ndarray:
        return self._x[self._stop : self._stop + rows]

    def took(self, rows: int) -> None:
        self._stop += rows

    def add(self, name: str, values: np.ndarray) -> None:
        self._beside.setdefault(name, []).append(values)

    def changed(self, change: Any) -> None:
        step = max(1, BLOCK // self._x.shape[1])
        for start in range(0, self._stop, step):
            change(self._x[start : min(start + step, self._stop)])

    @property
    def x(self) -> np.ndarray:
        """All rows that were read."""
        return self._x[: self._stop]

    def beside(self, name: str) -> np.ndarray:
        """An array of all of its blocks, which are let go."""
        return np.concatenate(self._beside.pop(name))


def _numbers(column: Any) -> np.ndarray:
    """[n] float32, NaN for a gap."""
    import pyarrow
    from pyarrow.compute import cast

    column = column.dictionary_decode() if hasattr(column, "dictionary") else column
    return cast(column, pyarrow.float32(), safe=False).to_numpy(zero_copy_only=False)
