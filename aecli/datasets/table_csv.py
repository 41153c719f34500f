"""A CSV with named columns, read by pyarrow: header, delimiter and decimal sign."""

import csv
import dataclasses
import itertools
import pathlib
import re
from typing import Any

import numpy as np

from aecli.datasets.csv_rows import is_float, lines, readable
from aecli.datasets.source_file import check_text, is_gzip, open_bytes, shown
from aecli.datasets.table_part import NULLS, Part, Roles, check_length, numbered, ways
from aecli.errors import BadRequest

DELIMITERS = (",", ";", "\t", "|")
HEAD = 20  # lines from which delimiter, decimal sign and columns of texts are told
WITH_COMMA = re.compile(r"\s*[-+]?\d*,\d+([eE][-+]?\d+)?\s*")


@dataclasses.dataclass(frozen=True)
class CsvTable:
    """names: of the columns; f0, f1 ... where there is no header row. texts: those of no number."""

    path: pathlib.Path
    names: list[str]
    has_header: bool
    delimiter: str
    decimal: str
    texts: tuple[str, ...]

    usual_labels = ("label",)

    @property
    def how(self) -> str:
        """How it is written, in words."""
        mark = "tab" if self.delimiter == "\t" else repr(self.delimiter)
        return f"delimiter {mark}, decimal {self.decimal!r}"

    def parts(self, roles: Roles) -> list[Part]:
        """Its rows, one part. Raises BadRequest for texts among numbers and for ragged rows."""
        from pyarrow import ArrowInvalid, dictionary, float32, int32, string
        from pyarrow.csv import ConvertOptions

        types: dict[str, Any] = dict.fromkeys(roles.features, float32())
        types |= dict.fromkeys(roles.categories, dictionary(int32(), string()))
        types |= {name: string() for name in (roles.label, roles.id) if name is not None}
        options: dict[str, Any] = {"include_columns": [*types], "decimal_point": self.decimal}
        with readable(self.path):
            try:
                table = self._read(ConvertOptions(column_types=types, **options))
            except ArrowInvalid as error:
                raise BadRequest(f"{self.path}: {shown(error, 200)}\n{self._way(roles)}") from None
        if table.num_rows == 0:
            raise BadRequest(f"{self.path} has no rows of data")
        x = _numbers(table, roles)
        categories = {}
        for name in roles.categories:
            held, place = table.column(name).combine_chunks(), roles.features.index(name)
            texts, positions = held.dictionary.to_pylist(), held.indices.to_numpy()
            x[:, place], categories[name] = numbered(str(self.path), name, texts, positions)
        label, ids = (self._texts(table, name) for name in (roles.label, roles.id))
        return [Part(str(self.path), x, categories, label, ids)]

    def _read(self, convert):
        import pyarrow
        from pyarrow.csv import ParseOptions, ReadOptions, read_csv

        read = ReadOptions(column_names=self.names, skip_rows=int(self.has_header))
        parse = ParseOptions(delimiter=self.delimiter)
        if is_gzip(self.path):
            with open_bytes(self.path) as stream:
                return read_csv(stream, read, parse, convert)
        with pyarrow.OSFile(str(self.path)) as stream:
            return read_csv(stream, read, parse, convert)

    def _texts(self, table, name: str | None) -> np.ndarray | None:
        if name is None:
            return None
        texts = table.column(name).to_numpy().astype(str)
        check_length(str(self.path), name, texts.dtype.itemsize // 4)
        return texts

    def _way(self, roles: Roles) -> str:
        """What to do where a value is refused: of a column of texts that nobody named, its role."""
        column = next((name for name in self.texts if name in roles.features), None)
        column = None if column in roles.categories else column
        return "correct this row" if column is None else f"column {shown(column)!r}: {ways(column)}"


def _numbers(table, roles: Roles) -> np.ndarray:
    """[N, D] float32, NaN where a number is missing; what is a category is left as it comes."""
    x = np.empty((table.num_rows, len(roles.features)), np.float32)
    names = [name for name in roles.features if name not in roles.categories]
    places = [roles.features.index(name) for name in names]
    start = 0
    for batch in table.select(names).to_batches() if names else ():  # each fits a cache
        rows = slice(start, start + batch.num_rows)
        columns = [column.to_numpy(zero_copy_only=False) for column in batch.columns]
        x[rows, places] = np.stack(columns, axis=1)
        start += batch.num_rows
    return x


def opened(path: pathlib.Path, delimiter: str | None, decimal: str | None) -> CsvTable:
    """How a CSV, plain or gzipped, is written; what is None is told from its first lines.

    The first row is a header if none of its cells is a number. Raises BadRequest.
    """
    check_text(path)
    with readable(path):
        head = [line for line in itertools.islice(lines(path), HEAD) if line.strip("\r\n")]
    if not head:
        raise BadRequest(f"{path} has no rows of data")
    try:
        delimiter = delimiter or _delimiter(head)
        rows = list(csv.reader(head, delimiter=delimiter))
    except csv.Error as error:
        raise BadRequest(f"{path}: its first {HEAD} lines are no CSV: {error}") from None
    if decimal is None:
        with_comma = any(WITH_COMMA.fullmatch(cell) for row in rows for cell in row)
        decimal = "," if delimiter != "," and with_comma else "."
    first = [cell.strip() for cell in rows[0]]
    has_header = not any(_is_number(cell, decimal) for cell in first)
    names = first if has_header else [f"f{i}" for i in range(len(first))]
    repeated = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if repeated is not None:
        raise BadRequest(f"{path}: two columns have the name {shown(repeated)!r}; rename one")
    columns = zip(names, zip(*rows[int(has_header) :], strict=False), strict=False)
    texts = tuple(name for name, cells in columns if _holds_texts(cells, decimal))
    return CsvTable(path, names, has_header, delimiter, decimal, texts)


def _holds_texts(cells: tuple[str, ...], decimal: str) -> bool:
    """Whether no cell is a number, and one is there."""
    known = [cell.strip() for cell in cells if cell.strip() not in NULLS]
    return bool(known) and not any(_is_number(cell, decimal) for cell in known)


def _is_number(cell: str, decimal: str) -> bool:
    return is_float(cell.replace(decimal, "."))


def _delimiter(head: list[str]) -> str:
    """The one that shares all lines into the same number of cells, and into most."""

    def cells(mark: str) -> int:
        counts = {len(row) for row in csv.reader(head, delimiter=mark)}
        return counts.pop() if len(counts) == 1 else 0

    return max(DELIMITERS, key=cells)
