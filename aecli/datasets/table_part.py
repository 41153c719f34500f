"""Part: the rows of a table as found in a file, and what is done where values are missing."""

import dataclasses

import numpy as np

from aecli.datasets.coding import MOST_VALUES
from aecli.datasets.columns import row_name, some
from aecli.datasets.labels import LONGEST
from aecli.datasets.source_file import shown
from aecli.errors import BadRequest

NULLS = {  # of texts, as pyarrow has them of numbers
    "", "#N/A", "#N/A N/A", "#NA", "-NaN", "-nan", "N/A", "NA", "NULL", "NaN", "n/a", "nan", "null",
}  # fmt: skip


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

    categories: {column: its values}, of whose positions it consists; label: texts or numbers [N];
    ids: texts [N], or the rows' numbers from 1.
    """

    name: str
    x: np.ndarray
    categories: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    label: np.ndarray | None = None
    ids: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.ids is None:
            object.__setattr__(self, "ids", np.arange(1, len(self.x) + 1))

    def checked(self, names: list[str], missing: str) -> tuple["Part", str]:
        """(its rows, what to say of them): finite, and without gaps where none are taken.

        missing: error, or drop: rows with gaps are left out; else gaps stay. Raises BadRequest
        with row and column.
        """
        if np.isfinite(self.x.min()) and np.isfinite(self.x.max()):  # NaN is passed on by both
            return self, ""
        infinite = np.isinf(self.x)
        if infinite.any():
            raise BadRequest(
                f"{self._first(infinite, names, 'values are infinite in float32')}\ncorrect them, "
                "or remove their rows"
            )
        if missing not in ("error", "drop"):
            return self, ""
        gaps = np.isnan(self.x)
        if not gaps.any():
            return self, ""
        if missing == "error":
            raise BadRequest(
                f"{self._first(gaps, names, 'values are missing or NaN')}\n"
                "fill them, or state dataset.missing=drop, mean or indicator for the training"
            )
        rows = np.flatnonzero(~gaps.any(axis=1))
        if not len(rows):
            raise BadRequest(f"{self.name}: every row lacks a value, and dataset.missing=drop")
        return self.take(rows), (
            f"{len(self.x) - len(rows):,} of {len(self.x):,} rows of {self.name} lack values and "
            "are left out (dataset.missing=drop)"
        )

    def check_counts(self, place: int, column: str) -> None:
        """Raises BadRequest for what is no count in a column."""
        values = self.x[:, place]
        wrong = (values < 0) | (values != np.floor(values)) & ~np.isnan(values)
        if wrong.any():
            row = int(wrong.argmax())
            raise BadRequest(
                f"dataset.counts: {self.name} has {values[row]:g} in {row_name(self.ids, row)}, "
                f"column {shown(column)!r}; counts are whole numbers from 0"
            )

    def take(self, rows: np.ndarray) -> "Part":
        """The rows at these positions."""
        label, ids = (None if a is None else a[rows] for a in (self.label, self.ids))
        return dataclasses.replace(self, x=self.x[rows], label=label, ids=ids)

    def _first(self, bad: np.ndarray, names: list[str], what: str) -> str:
        row, column = np.unravel_index(bad.argmax(), bad.shape)
        return (
            f"{self.name}: {bad.sum():,} {what}, the first in {row_name(self.ids, int(row))}, "
            f"column {shown(names[column])!r}"
        )


def numbered(
    name: str, column: str, texts: list, positions: np.ndarray
) -> tuple[np.ndarray, tuple[str, ...]]:
    """A column of texts -> (positions [N] float32 in its values, NaN where missing; the values).

    texts: the different ones, None for a gap; positions: [N] in them. Raises BadRequest.
    """
    plain = [None if text is None else str(text).strip() for text in texts]
    known = {text for text in plain if text is not None and text not in NULLS}
    values = tuple(sorted(known))
    if len(values) > MOST_VALUES:
        raise BadRequest(
            f"{name}: column {shown(column)!r} holds {len(values):,} different texts "
            f"({some(values)})\n{ways(column)}"
        )
    check_length(name, column, max(map(len, values), default=0))
    places = {text: place for place, text in enumerate(values)}
    found = [np.nan if text is None else places.get(text, np.nan) for text in plain]
    return np.array(found, np.float32)[positions], values


def check_length(name: str, column: str, longest: int) -> None:
    """Raises BadRequest for a text that is too long to be a name of something."""
    if longest > LONGEST:
        raise BadRequest(
            f"{name}: column {shown(column)!r} has a text of {longest:,} characters; {LONGEST} are "
            "the most of a label, an id or a category"
        )


def ways(column: str) -> str:
    """What one may do with a column of texts."""
    known = shown(column)
    return (
        f"say what it is: dataset.label_column={known}, dataset.categories=[{known}], or to leave "
        f"it out dataset.id_column={known}"
    )
