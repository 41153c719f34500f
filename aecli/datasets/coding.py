"""The columns of a table <-> a model's numbers: gaps are filled, categories become 0 and 1."""

import dataclasses
import functools
from typing import Any

import numpy as np

from aecli.datasets import exact
from aecli.datasets.rows import changed, ends, in_blocks
from aecli.datasets.source_file import shown
from aecli.datasets.splits import Array
from aecli.errors import BadRequest

MOST_VALUES = 1000  # of a category
NUMBER, FLAG = -1, -2  # for which value of a category a number stands: of none


@dataclasses.dataclass(frozen=True)
class Coding:
    """Rows as in a file, [N, 1, D, 1] float32, <-> [N, 1, M, 1] float32, before any scaling.

    In a file's row, a category is the position of its value, and a gap is NaN. Of each column:
    sizes: the number of its values, 0 of a number; fills: what stands for a gap, None where gaps
    are refused; flags: whether a further number says that there is a gap, as 0 or 1.

    A number is one of the M, a category one for each value; a flag comes right after its column.
    """

    sizes: tuple[int, ...]
    fills: tuple[float | None, ...]
    flags: tuple[bool, ...]

    @classmethod
    def fitted(
        cls, origin: str, x: Array, names: list[str], sizes: list[int], missing: str
    ) -> "Coding":
        """By the training part x [N, 1, D, 1]; as SimpleImputer and MissingIndicator.

        Of scikit-learn. missing: mean (of a category the value that is most frequent, the first of
        several), indicator: with a flag for each column that has gaps; else gaps are refused.
        Raises BadRequest for a column without any value.
        """
        low, high, gaps = (found[0, :, 0] for found in ends(x))
        empty = [name for name, count in zip(names, gaps, strict=True) if count == len(x)]
        if empty:
            raise BadRequest(
                f"{origin}: column {shown(empty[0])!r} has no value in the training part\n"
                f"leave it out: remove it, or dataset.id_column={shown(empty[0])}"
            )
        fills: list[float | None] = [None] * len(sizes)
        if missing in ("mean", "indicator"):
            fills = [*_fills(x, sizes, np.fmax(-low, high))]
        flags = [missing == "indicator" and bool(count) for count in gaps]
        return cls(tuple(sizes), tuple(fills), tuple(flags))

    @property
    def width(self) -> int:
        """M"""
        return len(self.source)

    @functools.cached_property
    def widths(self) -> np.ndarray:
        """How many numbers stand for each column: [D]."""
        return np.array([max(1, s) + f for s, f in zip(self.sizes, self.flags, strict=True)], int)

    @functools.cached_property
    def starts(self) -> np.ndarray:
        """The first number of each column: [D]."""
        return np.cumsum(self.widths) - self.widths

    @functools.cached_property
    def source(self) -> np.ndarray:
        """The column that each number is of: [M]."""
        return np.repeat(np.arange(len(self.sizes)), self.widths)

    @functools.cached_property
    def value(self) -> np.ndarray:
        """Which value of its category a number stands for: [M]; or NUMBER, FLAG."""
        found = [
            [*(range(size) if size else [NUMBER]), *([FLAG] if flag else [])]
            for size, flag in zip(self.sizes, self.flags, strict=True)
        ]
        return np.array([one for column in found for one in column], np.float32)

    @functools.cached_property
    def filled(self) -> np.ndarray:
        """What stands for a gap, by number: [M], NaN where gaps are refused."""
        fills = [np.nan if fill is None else fill for fill in self.fills]
        return np.array(fills, np.float32)[self.source]

    def applied(self, x: Array, fill: bool = True) -> Array:
        """As coded; of rows that stay in their file, of each block as it is read."""
        return changed(x, lambda rows: self.coded(rows, fill), (1, self.width, 1))

    @property
    def is_number(self) -> np.ndarray:
        """Whether each number is a column's own value, which is scaled: [M]."""
        return self.value == NUMBER

    @property
    def is_plain(self) -> bool:
        """Whether every column is a number of its own."""
        return self.width == len(self.sizes) and not any(self.sizes)

    def coded(self, x: np.ndarray, fill: bool = True) -> np.ndarray:
        """[N, 1, D, 1] as in a file -> [N, 1, M, 1].

        fill: whether numbers that are missing are filled in.
        """
        if self.is_plain and (not fill or not np.isnan(x.min())):
            return x
        taken = x[:, 0, self.source, 0]
        gap = np.isnan(taken)
        made = np.where(gap, self.filled, taken) if fill else taken
        made = np.where(self.value >= 0, np.where(gap, self.filled, taken) == self.value, made)
        made = np.where(self.value == FLAG, gap, made).astype(np.float32, copy=False)
        return made[:, None, :, None]

    def undone(self, y: np.ndarray) -> np.ndarray:
        """[N, 1, M, 1] of a model -> [N, 1, D, 1] as in a file, the likeliest of each category."""
        if self.is_plain:
            return y
        y = y[:, 0, :, 0]
        made = y[:, self.starts]
        for column in np.flatnonzero(self.sizes):
            start = self.starts[column]
            made[:, column] = y[:, start : start + self.sizes[column]].argmax(axis=1)
        return made[:, None, :, None]

    def by_column(self, values: np.ndarray) -> np.ndarray:
        """Sums [N, D] over the numbers of each column, of [N, M]."""
        return np.add.reduceat(values, self.starts, axis=1)

    def names(self, columns: list[str], categories: dict[str, list[str]]) -> list[str]:
        """What each of the M numbers is called, of columns [D]: Age, Sex=female, Age is missing."""
        ends = {NUMBER: "", FLAG: " is missing"}
        pairs = zip((columns[i] for i in self.source), self.value, strict=True)
        return [
            f"{name}={categories[name][int(value)]}" if value >= 0 else name + ends[int(value)]
            for name, value in pairs
        ]

    def check(self, x: np.ndarray, name: str) -> None:
        """Of rows [N, 1, D, 1] that no reader looked through. Raises BadRequest."""
        x = x.reshape(len(x), -1)
        gaps = np.isnan(x)
        refused = gaps & np.array([fill is None for fill in self.fills])
        sizes = np.array(self.sizes)
        wrong = (sizes > 0) & ~gaps & ((x != np.floor(x)) | (x < 0) | (x >= sizes))
        for bad, why in ((refused, "is missing"), (wrong, "is no position of a category's value")):
            if bad.any():
                row, column = np.unravel_index(bad.argmax(), bad.shape)
                raise BadRequest(f"{name}: the value in row {row + 1:,}, column {column + 1} {why}")

    def plain(self) -> dict[str, Any]:
        """As lists of numbers."""
        return {key: list(getattr(self, key)) for key in ("sizes", "fills", "flags")}


def _fills(x: Array, sizes: list[int], most: np.ndarray) -> list[float]:
    """The mean of each column, the most frequent value of a category; most: |value| of each."""
    total = exact.Total(most, 0)
    counts = [np.zeros(max(1, size), np.int64) for size in sizes]
    for block in in_blocks(x):
        rows = block[:, 0, :, 0]
        total.add(rows)
        for column, size, count in zip(rows.T, sizes, counts, strict=True):
            if size:
                count += np.bincount(column[~np.isnan(column)].astype(int), minlength=size)
    means = total.mean.astype(np.float32).tolist()
    return [
        float(count.argmax()) if size else mean
        for size, count, mean in zip(sizes, counts, means, strict=True)
    ]
