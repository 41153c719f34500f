"""Source: a data set's arrays as they were found, and the way into a unit."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from aecli.datasets import columns as columns_of
from aecli.datasets import units
from aecli.datasets.arrays import images
from aecli.datasets.factors import FactorGrid
from aecli.datasets.rows import Rows
from aecli.datasets.splits import Split
from aecli.datasets.vocabulary import Vocabulary
from aecli.dataspec import DataSpec, Kind


@dataclasses.dataclass(frozen=True)
class Source:
    """The arrays as found: numbers of any type, [N, H, W, C], or Rows that are still to be read.

    `test` is None when the source has no test part of its own. label_names[i]: the name of label i.
    columns: {name: of columns.TYPES} of a table with names; categories: {column: its values}, of
    whose positions it consists; reader: the settings that it was read
    with, where the options left them open; unit: of units.UNITS, once it is known. kind: of
    DataSpec, None: as the shape tells. are_pictures:
    whether they were decoded from files of pictures. told: the origin in more words, once all was
    read; notes: what the user must know of it. vocabulary: that a text's numbers are of. grid: of
    factors, where the images were drawn from them.
    """

    train: Split
    test: Split | None
    origin: str
    label_names: tuple[str, ...] | None = None
    columns: dict[str, str] | None = None
    reader: dict[str, Any] = dataclasses.field(default_factory=dict)
    unit: str = "other"
    kind: Kind | None = None
    are_pictures: bool = False
    told: Callable[[], str] | None = None
    notes: tuple[str, ...] = ()
    vocabulary: Vocabulary | None = None
    categories: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    grid: FactorGrid | None = None

    def read(self, rows: np.ndarray | None = None, test_rows: np.ndarray | None = None) -> "Source":
        """The same with its images in memory and checked; but large ones that stay in their file.

        rows, test_rows: positions [n] of those that are needed, in this order, None for all; of
        others nothing is read. Raises BadRequest.
        """
        wanted = [(self.train, rows), (self.test, test_rows)]
        wanted = [(part, chosen) for part, chosen in wanted if part is not None]
        if self.kind == "table" or not any(isinstance(part.x, Rows) for part, _ in wanted):
            # the reader looked through them
            parts = [part if chosen is None else part.take(chosen) for part, chosen in wanted]
            return dataclasses.replace(self, train=parts[0], test=(*parts, None)[1])
        names = [getattr(part.x, "name", "") or self.origin for part, _ in wanted]
        parts = [_read(part, chosen) for part, chosen in wanted]
        found = [(name, part.x) for name, part in zip(names, parts, strict=True)]
        checked = images(found, list(parts[0].x.shape[1:]), [chosen for _, chosen in wanted])
        parts = [dataclasses.replace(part, x=x) for part, x in zip(parts, checked, strict=True)]
        columns = self.columns
        if columns is not None:
            x = parts[0].x
            columns = columns_of.column_types(list(columns), x[:].reshape(len(x), -1))
        origin = self.told() if self.told else self.origin
        changed = {"train": parts[0], "test": (*parts, None)[1], "columns": columns}
        return dataclasses.replace(self, **changed, origin=origin, told=None)

    @property
    def summary(self) -> list[str]:
        """What the columns of a table are, with their ranges."""
        if self.kind != "table" or self.columns is None:
            return []
        return [columns_of.summary(self.train.x, self.columns, self.categories)]

    def in_own_unit(self, by_range: bool = False) -> "Source":
        """The same in the unit that all of its values tell: uint8 that means x/255, or float32.

        by_range: whether images in a range of ranges.PAIRS are brought to [0, 1].
        """
        parts = [part for part in (self.train, self.test) if part is not None]
        kind = self.kind or DataSpec.of(self.train.data_shape).kind
        unit = units.unit_of([part.x for part in parts], by_range and kind == "image")
        parts = [dataclasses.replace(part, x=units.in_unit(part.x, unit)) for part in parts]
        return dataclasses.replace(self, train=parts[0], test=(*parts, None)[1], unit=unit)


def _read(part: Split, rows: np.ndarray | None) -> Split:
    if rows is None and isinstance(part.x, Rows) and part.x.is_kept:
        return part
    if rows is None:
        return dataclasses.replace(part, x=part.x[:])
    return part.take(rows)
