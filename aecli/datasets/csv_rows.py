"""A CSV row by row: its first row, and the place of what is wrong in it."""

import csv
import gzip
import itertools
import pathlib
from collections.abc import Iterator
from typing import TextIO

import numpy as np

from aecli.datasets.source_file import is_gzip

SHOWN = 5  # bad places in one message
LARGEST = float(np.finfo(np.float32).max)


def open_text(path: pathlib.Path) -> TextIO:
    opener = gzip.open if is_gzip(path) else open
    return opener(path, "rt", encoding="utf-8-sig", newline="")  # -sig: Excel's byte order mark


def rows(path: pathlib.Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of each row that is not blank."""
    with open_text(path) as stream:
        reader = csv.reader(stream, delimiter=delimiter)
        yield from ((reader.line_num, row) for row in reader if row)


def is_number(*cells: str) -> bool:
    """All of them, as numpy.loadtxt reads them, and finite in float32."""
    try:
        values = [float(cell) for cell in cells if "_" not in cell]
    except ValueError:
        return False
    return len(values) == len(cells) and all(-LARGEST <= value <= LARGEST for value in values)


def problems(
    path: pathlib.Path, delimiter: str, skipped: int, label: int | None, width: int
) -> list[str]:
    """The first few "line: what" or "line:column: what" after the skipped lines.

    label is the position of the label column; width the number of columns, 0 for the first row's.
    """
    return list(itertools.islice(_every_problem(path, delimiter, skipped, label, width), SHOWN))


def _every_problem(path, delimiter, skipped, label, width) -> Iterator[str]:
    for line, row in rows(path, delimiter):
        if line <= skipped:
            continue
        width = width or len(row)
        if len(row) != width:
            yield f"{line}: {len(row)} columns, expected {width} as in the first row"
            continue
        if is_number(*row):
            continue
        for i, cell in enumerate(row):
            if i == label and not cell.strip():
                yield f"{line}:{i + 1}: the label is empty"
            elif i != label and not is_number(cell):
                yield f"{line}:{i + 1}: {cell[:20]!r} is not a finite number{_separator(row)}"


def _separator(row: list[str]) -> str:
    """What else may separate the cells of a row that seems to have one."""
    other = next((mark for mark in ";\t| " if len(row) == 1 and mark in row[0]), None)
    return f" (dataset.delimiter={other!r}?)" if other else ""
