"""A CSV row by row: its first row, and the place of what is wrong in it."""

import contextlib
import csv
import io
import itertools
import pathlib
from collections.abc import Iterator

import numpy as np

from aecli import typed
from aecli.datasets.labels import LONGEST
from aecli.datasets.source_file import DAMAGE, MAX_BYTES, check_text, open_bytes, shown
from aecli.errors import BadRequest

SHOWN = 5  # bad places in one message
MAX_LINE = 2**26  # characters: one image of 10 million pixels, and no file without a line break
MAX_LABEL = LONGEST  # characters
LARGEST = float(np.finfo(np.float32).max)


@contextlib.contextmanager
def readable(path: pathlib.Path) -> Iterator[None]:
    try:
        check_text(path)
        yield
    except BadRequest:
        raise
    except UnicodeDecodeError as error:
        raise BadRequest(
            f"{path} is not a text file in UTF-8: {error.reason} in line {undecodable(path)}; "
            "fetch it again, or save it as 'CSV UTF-8'"
        ) from None
    except DAMAGE as error:
        raise BadRequest(
            f"{path} is truncated or damaged, fetch it again: {shown(error)}"
        ) from None


def lines(path: pathlib.Path, quotes: bool = True) -> Iterator[str]:
    """Each with its line break. Raises BadRequest for what would fill the memory.

    quotes: whether one that is opened must be closed.
    """
    total = 0
    # -sig: Excel's byte order mark; newline="": numpy and csv know all line breaks
    with io.TextIOWrapper(open_bytes(path), encoding="utf-8-sig", newline="") as stream:
        for number in itertools.count(1):
            line = stream.readline(MAX_LINE)
            total += len(line)
            if not line:
                return
            if len(line) == MAX_LINE:
                raise BadRequest(
                    f"{path}:{number}: a line of more than {MAX_LINE:,} characters; "
                    "write one image a line, or store the images as .npy"
                )
            if total > MAX_BYTES:
                raise BadRequest(
                    f"{path} unpacks to more than {MAX_BYTES / 2**30:.0f} GiB; "
                    "store the images as .npy, which is read in place"
                )
            if quotes and line.count('"') % 2:
                raise BadRequest(
                    f"{path}:{number}: a quote is not closed in its line; "
                    "remove it, or write it twice within a quoted cell"
                )
            yield line


def rows(path: pathlib.Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of each row that is not blank. Raises BadRequest."""
    reader = csv.reader(lines(path), delimiter=delimiter)
    try:
        yield from ((reader.line_num, row) for row in reader if row)
    except csv.Error as error:
        raise BadRequest(f"{path}:{reader.line_num}: this is no CSV: {error}") from None


def picked(path: pathlib.Path, skipped: int, positions: np.ndarray | None) -> Iterator[str]:
    """The lines after the skipped ones; or those of the rows at sorted positions, and no more.

    A line that is blank is no row. Raises BadRequest.
    """
    below = itertools.islice(lines(path), skipped, None)
    if positions is None:
        yield from below
        return
    wanted = iter(positions.tolist())
    following = next(wanted, None)
    for row, line in enumerate(line for line in below if line.strip("\r\n")):
        if following is None:
            return
        if row == following:
            yield line
            following = next(wanted, None)


def undecodable(path: pathlib.Path) -> int:
    """The number of the first line that is not UTF-8, or that is damaged in a .gz."""
    number = 0
    with open_bytes(path) as stream, contextlib.suppress(*DAMAGE):  # UnicodeDecodeError is one
        for line in iter(lambda: stream.readline(MAX_LINE), b""):
            number += 1
            line.decode()
    return number


def is_float(cell: str) -> bool:
    """As numpy.loadtxt reads it, so nan and inf are among them."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def is_number(*cells: str) -> bool:
    """All of them, and finite in float32."""
    return all(is_float(cell) and -LARGEST <= float(cell) <= LARGEST for cell in cells)


def is_label(cell: str) -> bool:
    return 0 < len(cell.strip()) <= MAX_LABEL


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
            if i == label and not is_label(cell):
                long = f"has {len(cell):,} characters, more than {MAX_LABEL}"
                yield f"{line}:{i + 1}: the label {long if cell.strip() else 'is empty'}"
            elif i != label and not is_number(cell):
                yield f"{line}:{i + 1}: {cell[:20]!r} is not a finite number{_separator(row)}"


def _separator(row: list[str]) -> str:
    """What else may separate the cells of a row that seems to have one."""
    other = next((mark for mark in ";\t| " if len(row) == 1 and mark in row[0]), None)
    return f" ({typed.setting('dataset.delimiter', other)}?)" if other else ""
