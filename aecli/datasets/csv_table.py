"""A CSV of numbers and at most one label column; a bad row is named as file:line:column."""

import contextlib
import dataclasses
import itertools
import pathlib
import warnings
from collections.abc import Iterator

import numpy as np

from aecli.datasets.csv_rows import is_float, is_label, lines, problems, rows, undecodable
from aecli.datasets.source_file import DAMAGE, shown
from aecli.errors import BadRequest


@dataclasses.dataclass(frozen=True)
class Table:
    """pixels: [N, D] uint8 or int32 if all are whole numbers, else float32; labels: texts [N].

    columns: names of the pixel columns, where there is a header row; label: name (None without a
    header) and position of the label column.
    """

    pixels: np.ndarray
    labels: np.ndarray | None
    columns: list[str] | None
    label: tuple[str | None, int] | None = None


def read_table(path: pathlib.Path, label: str | int | None, delimiter: str) -> Table:
    """Read a CSV, plain or gzipped. Raises BadRequest.

    label: a column's name or position (0 is the first, -1 the last), None for no label column,
    "auto" for a column called label if there is one. The first row is a header if none of its
    cells is a number, not even nan, or if one is the label's name.
    """
    with readable(path):
        names, skipped = _header(path, label, delimiter)
        column = _label_column(path, names, label, delimiter)
        values, texts = _parse(path, delimiter, skipped, column, len(names or ()))
    if column is None:
        return Table(values, None, names)
    kept = [i for i in range(values.shape[1]) if i != column]
    if not kept:
        raise BadRequest(f"{path} has a label column and nothing else; dataset.label=null keeps it")
    labels = np.array(texts)[values[:, column].astype(np.int64)]
    kept_names = names and [names[i] for i in kept]
    return Table(values[:, kept], labels, kept_names, (names and names[column], column))


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


@contextlib.contextmanager
def readable(path: pathlib.Path) -> Iterator[None]:
    try:
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


def _parse(path, delimiter, skipped, column, width) -> tuple[np.ndarray, list[str]]:
    """([N, columns], texts): the label column holds positions in texts. Raises BadRequest."""
    for dtype in (np.uint8, np.int32, np.float32):  # each refuses what it cannot hold
        texts = _Numbering()
        options = {"dtype": dtype, "delimiter": delimiter, "ndmin": 2}
        if column is not None:
            options["converters"] = {column: texts}
        data = itertools.islice(lines(path), skipped, None)
        with warnings.catch_warnings(action="ignore"):
            # before NumPy 2.4, 0.5 as an integer was 0, and 300 as a byte 44, with this warning
            warnings.simplefilter("error", DeprecationWarning)
            try:
                values = np.loadtxt(data, comments=None, quotechar='"', **options)
            except (UnicodeDecodeError, BadRequest):
                raise
            except ValueError as error:
                reason = shown(error)
                continue
        if values.size == 0:
            raise BadRequest(f"{path} has no rows of data")
        if width in (0, values.shape[1]) and np.isfinite(values).all():
            return values, list(texts)
        reason = f"a row has other than {width} columns"
    found = problems(path, delimiter, skipped, column, width) or [reason]
    raise BadRequest(
        f"{path}:{'; '.join(found)}\ncorrect these rows; one column may hold texts: dataset.label"
    )


class _Numbering(dict):
    """Texts are numbered as they come."""

    def __call__(self, text: str) -> int:
        if not is_label(text):
            raise ValueError("label")
        return self.setdefault(text.strip(), len(self))
