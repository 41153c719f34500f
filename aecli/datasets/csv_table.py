"""A CSV of numbers and at most one label column; a bad row is named as file:line:column."""

import dataclasses
import pathlib

import numpy as np

from aecli.datasets.csv_rows import is_float, readable, rows
from aecli.datasets.csv_values import Layout
from aecli.datasets.rows import Rows
from aecli.datasets.source_file import shown
from aecli.errors import BadRequest


@dataclasses.dataclass(frozen=True)
class Table:
    """pixels: [N, D] uint8 or int32 if all are whole numbers, else float32; or Rows.

    labels: positions [N] in texts, which are all different. columns: names of the pixel columns,
    where there is a header row; label: name (None without a header) and position of the label
    column.
    """

    pixels: np.ndarray | Rows
    labels: np.ndarray | None = None
    texts: np.ndarray | None = None
    columns: list[str] | None = None
    label: tuple[str | None, int] | None = None


def read_table(
    path: pathlib.Path, label: str | int | None, delimiter: str, in_part: bool = False
) -> Table:
    """Read a CSV, plain or gzipped. Raises BadRequest.

    in_part: whether the pixels are to be Rows, of which only those that are taken are read.

    label: a column's name or position (0 is the first, -1 the last), None for no label column,
    "auto" for a column called label if there is one. The first row is a header if none of its
    cells is a number, not even nan, or if one is the label's name.
    """
    with readable(path):
        names, skipped = _header(path, label, delimiter)
        column = _label_column(path, names, label, delimiter)
        layout = Layout(path, delimiter, skipped, column, len(names or ()))
        if in_part:
            layout = dataclasses.replace(layout, width=layout.width or layout.first_width())
            labels, texts = layout.labels()
            pixels, width = layout.pixels(len(labels)), layout.width
        else:
            values, texts = layout.parsed()
            width = values.shape[1]
            labels = None if column is None else values[:, column].astype(np.int64)
            pixels = values if column is None else np.delete(values, column, axis=1)
    if column is None:
        return Table(pixels, columns=names)
    if width == 1:
        raise BadRequest(f"{path} has a label column and nothing else; dataset.label=null keeps it")
    kept = names and names[:column] + names[column + 1 :]
    return Table(pixels, labels, np.array(texts), kept, (names[column] if names else None, column))


def label_as_trained(
    path: pathlib.Path, label: list, delimiter: str, width: int
) -> str | int | None:
    """Where the label column of a training is in another file, None where the file has none.

    label: its [name or None, position] in the training, whose tables have `width` other columns.
    Raises BadRequest for a file that is no CSV.
    """
    name, position = label
    with readable(path):
        _, row = next(rows(path, delimiter), (0, []))
    if name is not None and name in [cell.strip() for cell in row]:
        return name
    return None if len(row) == width else position


def separates(path: pathlib.Path, delimiter: str) -> bool:
    """Whether the first row of a CSV has this delimiter."""
    with readable(path):
        return len(next(rows(path, delimiter), (0, []))[1]) > 1


def _header(path, label, delimiter) -> tuple[list[str] | None, int]:
    """(column names or None, lines to skip)"""
    line, first = next(rows(path, delimiter), (0, []))
    first = [cell.strip() for cell in first]
    named = label in first or (label == "auto" and _called_label(first) is not None)
    if first and (named or not any(is_float(cell) for cell in first)):
        return first, line
    return None, 0


def _called_label(names: list[str]) -> int | None:
    return next((i for i, name in enumerate(names) if name.lower() == "label"), None)


def _label_column(path, names, label, delimiter) -> int | None:
    if label is None:
        return None
    if label == "auto":
        return _called_label(names or [])
    if isinstance(label, int):
        _, row = next(rows(path, delimiter), (0, []))
        if not row:
            raise BadRequest(f"{path} has no rows of data")
        if not -len(row) <= label < len(row):
            raise BadRequest(f"dataset.label={label}: {path} has columns 0 to {len(row) - 1}")
        return label % len(row)
    if names is None or label not in names:
        has = "it has no header row"
        if names:
            has = f"its columns are {', '.join(map(shown, names[:8]))}"
        raise BadRequest(
            f"dataset.label={label}: {path} has no such column, {has}; "
            "a position works too: dataset.label=0"
        )
    return names.index(label)
