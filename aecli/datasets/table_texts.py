"""Columns of texts as they are read, a block at a time: of each text that is there one object."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from aecli.datasets.coding import MOST_VALUES
from aecli.datasets.columns import some
from aecli.datasets.labels import LONGEST
from aecli.datasets.source_file import shown
from aecli.errors import BadRequest

MOST_LABELS = 10**6  # different ones: what a run can keep
NULLS = {  # of texts, as pyarrow has them of numbers
    "", "#N/A", "#N/A N/A", "#NA", "-NaN", "-nan", "N/A", "NA", "NULL", "NaN", "n/a", "nan", "null",
}  # fmt: skip
GAP = -1


@dataclasses.dataclass(frozen=True)
class Coded:
    """Texts or numbers [N]: the different ones, values [K], and the position of each, at [N]."""

    values: np.ndarray
    at: np.ndarray

    def __len__(self) -> int:
        return len(self.at)

    def whole(self) -> np.ndarray:
        """All of them: [N]"""
        return self.values[self.at]

    def take(self, rows: np.ndarray) -> "Coded":
        """Those of some rows, and no value that none of them has."""
        at = self.at[rows]
        there = np.bincount(at, minlength=len(self.values)) > 0
        return Coded(self.values[there], (np.cumsum(there) - 1).astype(at.dtype)[at])


class Values:
    """The values of a column, numbered as they come. Raises BadRequest for too many, too long ones.

    where, column: for messages; plain: a value as found, None for a gap -> text, or None.
    """

    def __init__(self, where: str, column: str, most: int, ways: str, plain: Callable):
        self._where, self._column, self._most, self._ways = where, column, most, ways
        self._plain, self._known = plain, {}

    def add(self, block: Any) -> np.ndarray:
        """A block of the column, as pyarrow has it -> positions [n] int32 in `known`, or GAP."""
        held = block if hasattr(block, "dictionary") else block.dictionary_encode()
        found = [self._plain(value) for value in held.dictionary.to_pylist()]
        if held.null_count:
            found.append(self._plain(None))
        places = [GAP if one is None else self._place(one) for one in found]
        indices = held.indices.fill_null(len(found) - 1).to_numpy()
        return np.array(places, np.int32)[indices]

    def _place(self, text: str) -> int:
        place = self._known.setdefault(text, len(self._known))
        if place == len(self._known) - 1:
            check_length(self._where, self._column, len(text))
        if place >= self._most:
            raise BadRequest(
                f"{self._where}: column {shown(self._column)!r} holds more than {self._most:,} "
                f"different texts ({some(sorted(self._known))})\n{self._ways}"
            )
        return place

    @property
    def known(self) -> list[str]:
        """Each text once, as they came."""
        return list(self._known)


def category(where: str, column: str) -> Values:
    """Of a column whose values are a model's input: gaps may be among them."""

    def plain(value: Any) -> str | None:
        text = None if value is None else str(value).strip()
        return None if text in NULLS else text

    return Values(where, column, MOST_VALUES, ways(column), plain)


def label(where: str, column: str) -> Values:
    """Of a column of labels: each row has one."""

    def plain(value: Any) -> str:
        if value is None:
            raise BadRequest(f"{where}: column {shown(column)!r} has missing values; fill them in")
        return str(value)

    return Values(where, column, MOST_LABELS, "group them, or leave them out", plain)


def letters(where: str, column: str, block: Any) -> tuple[np.ndarray, np.ndarray]:
    """A block of a column of ids -> (their letters [m] uint8 in UTF-8, bytes of each [n] int64).

    Raises BadRequest for gaps.
    """
    import pyarrow
    from pyarrow import types
    from pyarrow.compute import cast, max, utf8_length  # pyright: ignore[reportAttributeAccessIssue]

    block = block.dictionary_decode() if hasattr(block, "dictionary") else block
    if block.null_count:
        raise BadRequest(f"{where}: column {shown(column)!r} has missing values; fill them in")
    kind = block.type
    if types.is_string(kind) or types.is_large_string(kind) or types.is_integer(kind):
        texts = cast(block, pyarrow.large_string())
    else:
        texts = pyarrow.array(list(map(str, block.to_pylist())), pyarrow.large_string())
    check_length(where, column, max(utf8_length(texts)).as_py() or 0)
    _, ends, data = texts.buffers()
    stops = np.frombuffer(ends, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    held = np.frombuffer(b"" if data is None else data, np.uint8)
    return held[stops[0] : stops[-1]], np.diff(stops)


def check_length(where: str, column: str, longest: int) -> None:
    """Raises BadRequest for a text that is too long to be a name of something."""
    if longest > LONGEST:
        raise BadRequest(
            f"{where}: column {shown(column)!r} has a text of {longest:,} characters; {LONGEST} "
            "are the most of a label, an id or a category"
        )


def ways(column: str) -> str:
    """What one may do with a column of texts."""
    known = shown(column)
    return (
        f"say what it is: dataset.label_column={known}, dataset.categories=[{known}], or to leave "
        f"it out dataset.id_column={known}"
    )
