"""A CSV of numbers with named columns, read by pyarrow: header, delimiter and decimal sign."""

import csv
import dataclasses
import itertools
import pathlib
import re
from typing import Any

import numpy as np

from aecli.datasets.csv_rows import is_float, lines, readable
from aecli.datasets.labels import LONGEST
from aecli.datasets.source_file import check_text, is_gzip, open_bytes, shown
from aecli.errors import BadRequest

DELIMITERS = (",", ";", "\t", "|")
HEAD = 20  # lines from which delimiter and decimal sign are told
FEW = 5  # texts that are shown of a column
WITH_COMMA = re.compile(r"\s*[-+]?\d*,\d+([eE][-+]?\d+)?\s*")


@dataclasses.dataclass(frozen=True)
class Layout:
    """names: of the columns; f0, f1 ... where there is no header row."""

    names: list[str]
    has_header: bool
    delimiter: str
    decimal: str


def layout(path: pathlib.Path, delimiter: str | None, decimal: str | None) -> Layout:
    """Returns how a CSV, plain or gzipped, is written; what is None is told from its first lines.

    The first row is a header if none of its cells is a number. Raises BadRequest.
    """
    check_text(path)
    with readable(path):
        head = [line for line in itertools.islice(lines(path), HEAD) if line.strip("\r\n")]
    if not head:
        raise BadRequest(f"{path} has no rows of data")
    delimiter = delimiter or _delimiter(head)
    rows = list(csv.reader(head, delimiter=delimiter))
    if decimal is None:
        with_comma = any(WITH_COMMA.fullmatch(cell) for row in rows for cell in row)
        decimal = "," if delimiter != "," and with_comma else "."
    first = [cell.strip() for cell in rows[0]]
    has_header = not any(is_float(cell.replace(decimal, ".")) for cell in first)
    names = first if has_header else [f"f{i}" for i in range(len(first))]
    repeated = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if repeated is not None:
        raise BadRequest(f"{path}: two columns have the name {shown(repeated)!r}; rename one")
    return Layout(names, has_header, delimiter, decimal)


def _delimiter(head: list[str]) -> str:
    """The one that shares all lines into the same number of cells, and into most."""

    def cells(mark: str) -> int:
        counts = {len(row) for row in csv.reader(head, delimiter=mark)}
        return counts.pop() if len(counts) == 1 else 0

    return max(DELIMITERS, key=cells)


def values(
    path: pathlib.Path, found: Layout, label: str | None, id_column: str | None
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Returns ([N, D] finite float32 of all columns but two; texts [N] of the label and of the id).

    None for what there is no column of. Raises BadRequest for texts, missing values and rows of
    another length.
    """
    from pyarrow import ArrowInvalid, float32, string
    from pyarrow.csv import ConvertOptions

    known = [name for name in (label, id_column) if name is not None]
    features = [name for name in found.names if name not in known]
    types: dict[str, Any] = dict.fromkeys(features, float32()) | dict.fromkeys(known, string())
    options: dict[str, Any] = {"include_columns": [*types], "decimal_point": found.decimal}
    with readable(path):
        try:
            table = _read(path, found, ConvertOptions(column_types=types, **options))
        except ArrowInvalid as error:
            _offer_text_column(path, found, features)
            raise BadRequest(f"{path}: {shown(error, 200)}\ncorrect this row") from None
    if table.num_rows == 0:
        raise BadRequest(f"{path} has no rows of data")
    x = np.empty((table.num_rows, len(features)), np.float32)
    for place, name in enumerate(features):
        x[:, place] = table.column(name).to_numpy()  # what is missing is NaN
    _check_finite(path, x, features)
    texts = [None if key is None else _texts(path, table, key) for key in (label, id_column)]
    return x, texts[0], texts[1]


def _texts(path: pathlib.Path, table, name: str) -> np.ndarray:
    texts = table.column(name).to_numpy().astype(str)
    if texts.dtype.itemsize > 4 * LONGEST:
        raise BadRequest(
            f"{path}: column {shown(name)!r} has a text of {texts.dtype.itemsize // 4:,} "
            f"characters; {LONGEST} are the most of a label or an id"
        )
    return texts


def _read(path: pathlib.Path, found: Layout, convert):
    import pyarrow
    from pyarrow.csv import ParseOptions, ReadOptions, read_csv

    read = ReadOptions(column_names=found.names, skip_rows=int(found.has_header))
    parse = ParseOptions(delimiter=found.delimiter)
    if is_gzip(path):
        with open_bytes(path) as stream:
            return read_csv(stream, read, parse, convert)
    with pyarrow.OSFile(str(path)) as stream:
        return read_csv(stream, read, parse, convert)


def _offer_text_column(path: pathlib.Path, found: Layout, features: list[str]) -> None:
    """Raises BadRequest where a column holds texts alone in the first lines of the file."""
    head = list(itertools.islice(lines(path), HEAD))[int(found.has_header) :]
    rows = [row for row in csv.reader(head, delimiter=found.delimiter) if row]
    columns = dict(zip(found.names, zip(*rows, strict=False), strict=False))
    for name in features:
        cells = [cell.strip() for cell in columns.get(name, ())]
        if not cells or any(is_float(cell.replace(found.decimal, ".")) for cell in cells):
            continue
        texts = list(dict.fromkeys(cells))
        some = ", ".join(map(shown, texts[:FEW])) + (", ..." if len(texts) > FEW else "")
        raise BadRequest(
            f"{path}: column {shown(name)!r} holds texts ({some})\n"
            f"say what it is: dataset.label_column={shown(name)}, or to leave it out "
            f"dataset.id_column={shown(name)}"
        )


def _check_finite(path: pathlib.Path, x: np.ndarray, names: list[str]) -> None:
    bad = ~np.isfinite(x)
    if bad.any():
        row, column = np.unravel_index(bad.argmax(), bad.shape)
        raise BadRequest(
            f"{path}: {bad.sum():,} values are missing, NaN or infinite in float32, the first in "
            f"row {row + 1:,} of the data, column {shown(names[column])!r}\n"
            "fill them, or remove their rows"
        )
