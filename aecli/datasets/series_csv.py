"""Series in a CSV: wide (a row a series), long (a row a point) or one recording (a row a point)."""

import dataclasses
import pathlib

import numpy as np

from aecli.datasets.csv_rows import LARGEST, is_float, readable, rows
from aecli.datasets.source_file import shown
from aecli.errors import BadRequest

TIMES = ("time", "timestamp", "date", "datetime", "t", "index", "timepoint")
IDS = ("id", "series", "series_id", "case", "case_id", "unique_id")
LABELS = ("label", "class", "target", "is_anomaly", "anomaly")


@dataclasses.dataclass(frozen=True)
class Grid:
    """The cells of a CSV as texts, row by row. names: of a header, else None; lines: [N]."""

    path: pathlib.Path
    names: list[str] | None
    cells: list[list[str]]
    lines: list[int]

    def place(self, column: str | int | None, key: str, usual: tuple[str, ...]) -> int | None:
        """Where a column is: by its name or position, "auto" for one of the usual names.

        Raises BadRequest for one that is not there.
        """
        if column is None:
            return None
        if column == "auto":
            low = [name.lower() for name in self.names or ()]
            return next((low.index(name) for name in usual if name in low), None)
        width = len(self.cells[0])
        if isinstance(column, int) and -width <= column < width:
            return column % width
        if self.names is not None and column in self.names:
            return self.names.index(str(column))
        has = ", ".join(map(shown, self.names[:8])) if self.names else f"0 to {width - 1}"
        raise BadRequest(f"dataset.{key}={column}: {self.path} has no such column, but {has}")

    def numbers(self, row: int, columns: list[int]) -> list[float]:
        """Raises BadRequest for what is not a finite number, with its place."""
        cells = self.cells[row]
        found = []
        for i in columns:
            cell = cells[i] if i < len(cells) else ""
            if not is_float(cell) or not abs(float(cell)) <= LARGEST:
                raise BadRequest(
                    f"{self.path}:{self.lines[row]}:{i + 1}: {shown(cell, 20)!r} is not a finite "
                    "number; fill or leave out what is missing"
                )
            found.append(float(cell))
        return found

    def texts(self, column: int) -> np.ndarray:
        """A column [N] as numbers where all are, else as texts. Raises BadRequest."""
        short = next((row for row, cells in enumerate(self.cells) if len(cells) <= column), None)
        if short is not None:
            names = self.names or []
            name = shown(names[column]) if column < len(names) else column
            raise BadRequest(
                f"{self.path}:{self.lines[short]}: the row ends after {len(self.cells[short])} "
                f"cells, before its column {name}"
            )
        found = np.array([row[column].strip() for row in self.cells])
        try:
            return found.astype(np.float64)
        except ValueError:
            return found


def read_grid(path: pathlib.Path, delimiter: str, stated: tuple) -> Grid:
    """stated: what columns are called; a first row with one of them, or without any number, is a
    header. Raises BadRequest."""
    with readable(path):
        found = list(rows(path, delimiter))
    first = [cell.strip() for cell in found[0][1]] if found else []
    named = any(isinstance(name, str) and name in first for name in stated)
    names = first if named or (first and not any(map(is_float, first))) else None
    found = found[1:] if names is not None else found
    if not found:
        raise BadRequest(f"{path} has no rows of data")
    return Grid(path, names, [cells for _, cells in found], [line for line, _ in found])


def wide(grid: Grid, label: str | int | None) -> tuple[list[np.ndarray], np.ndarray | None]:
    """A row a series -> [T, 1] each, labels [N]; empty cells at the end are points it lacks."""
    column = grid.place(label, "label_column", LABELS)
    series = []
    for row, cells in enumerate(grid.cells):
        last = max((i for i, cell in enumerate(cells) if cell.strip() and i != column), default=-1)
        values = grid.numbers(row, [i for i in range(last + 1) if i != column])
        if not values:
            raise BadRequest(f"{grid.path}:{grid.lines[row]}: the row has no points")
        series.append(np.array(values, np.float32)[:, None])
    return series, None if column is None else grid.texts(column)


def points(
    grid: Grid, label: str | int | None, time: str | int | None, others: tuple[int, ...] = ()
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """A row a point -> values [T, C] float32, labels [T], times [T]; the last two where known.

    others: columns that are no channels.
    """
    width = len(grid.cells[0])
    for row, cells in enumerate(grid.cells):
        if len(cells) != width:
            raise BadRequest(
                f"{grid.path}:{grid.lines[row]}: {len(cells)} columns, expected {width}"
            )
    at_label = grid.place(label, "label_column", LABELS)
    at_time = grid.place(time, "time_column", TIMES)
    kept = [i for i in range(width) if i not in (at_label, at_time, *others)]
    if not kept:
        raise BadRequest(f"{grid.path} has no column of values beside label, time and id")
    try:
        values = np.array([[cells[i] for i in kept] for cells in grid.cells]).astype(np.float64)
    except ValueError:
        values = np.full((1, 1), np.nan)
    if not (np.abs(values) <= LARGEST).all():  # named with its place
        values = np.array([grid.numbers(row, kept) for row in range(len(grid.cells))])
    labels = None if at_label is None else grid.texts(at_label)
    return values.astype(np.float32), labels, None if at_time is None else grid.texts(at_time)


def long(
    grid: Grid, label: str | int | None, time: str | int | None, of: str | int | None
) -> tuple[list[np.ndarray], np.ndarray | None]:
    """A row a point of a series with an id -> [T, C] each in the order of time, labels [N].

    The series are in the order in which the file begins them. Times that are not all numbers are
    sorted as texts, as ISO dates allow.
    """
    at_id = grid.place(of, "id_column", IDS)
    if at_id is None:
        raise BadRequest(
            f"dataset.layout=long: {grid.path} has no column called {', '.join(IDS[:3])} ...\n"
            "name the one that says which series a row is of: dataset.id_column=NAME"
        )
    values, labels, times = points(grid, label, time, (at_id,))
    names = np.array([row[at_id].strip() for row in grid.cells])
    _, first, number = np.unique(names, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))[number]
    keys = (rank,) if times is None else (times, rank)
    order = np.lexsort(keys)
    ends = np.cumsum(np.bincount(rank))[:-1]
    series = np.split(values[order], ends)
    if labels is None:
        return series, None
    parts = np.split(labels[order], ends)
    for part, name in zip(parts, names[np.sort(first)], strict=True):
        if len(set(part.tolist())) > 1:
            raise BadRequest(
                f"{grid.path}: series {shown(name)} has several labels; it can have one"
            )
    return series, np.array([part[0] for part in parts])
