"""A CSV with named columns, read by pyarrow: header, delimiter and decimal sign."""

import csv
import dataclasses
import itertools
import pathlib
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from aecli.datasets.csv_rows import is_float, lines, readable
from aecli.datasets.source_file import check_text, is_gzip, open_bytes, shown
from aecli.datasets.table_part import NULLS, Part, Roles, check_length, numbered, ways
from aecli.datasets.table_texts import Texts
from aecli.errors import BadRequest

DELIMITERS = (",", ";", "\t", "|")
BLOCK_BYTES = 2**22  # of the file at a time
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
        numbers = _Numbers(self.path, roles)
        texts = {name: Texts() for name in types if name not in numbers.names}
        with readable(self.path):
            try:
                for batch in self._read(ConvertOptions(column_types=types, **options)):
                    numbers.add(batch)
                    for name, found in texts.items():
                        found.add(batch.column(name))
            except ArrowInvalid as error:
                raise BadRequest(f"{self.path}: {shown(error, 200)}\n{self._way(roles)}") from None
        x = numbers.whole()
        if not len(x):
            raise BadRequest(f"{self.path} has no rows of data")
        categories = {}
        for name in roles.categories:
            held, place = texts[name], roles.features.index(name)
            x[:, place], categories[name] = numbered(
                str(self.path), name, held.different, held.positions
            )
        label, ids = (
            None if name is None else self._texts(texts[name], name)
            for name in (roles.label, roles.id)
        )
        return [Part(str(self.path), x, categories, label, ids)]

    def _read(self, convert) -> Iterator[Any]:
        """Record batches, one after another: of the whole no more is in memory."""
        import pyarrow
        from pyarrow.csv import ParseOptions, ReadOptions, open_csv

        names, header = self.names, int(self.has_header)
        read = ReadOptions(column_names=names, skip_rows=header, block_size=BLOCK_BYTES)
        parse = ParseOptions(delimiter=self.delimiter)
        if is_gzip(self.path):
            with open_bytes(self.path) as stream:
                yield from open_csv(stream, read, parse, convert)
            return
        with pyarrow.OSFile(str(self.path)) as stream:
            yield from open_csv(stream, read, parse, convert)

    def _texts(self, found: Texts, name: str) -> np.ndarray:
        known = np.array(["None" if text is None else text for text in found.different])
        check_length(str(self.path), name, known.dtype.itemsize // 4)
        return known[found.positions]

    def _way(self, roles: Roles) -> str:
        """What to do where a value is refused: of a column of texts that nobody named, its role."""
        column = next((name for name in self.texts if name in roles.features), None)
        column = None if column in roles.categories else column
        return "correct this row" if column is None else f"column {shown(column)!r}: {ways(column)}"


class _Numbers:
    """[N, D] float32, NaN where a number is missing; what is a category is left as it comes."""

    def __init__(self, path: pathlib.Path, roles: Roles):
        self.names = [name for name in roles.features if name not in roles.categories]
        self._places = [roles.features.index(name) for name in self.names]
        self._x = np.empty((_most_rows(path), len(roles.features)), np.float32)  # not touched yet
        self._stop = 0

    def add(self, batch) -> None:
        """The rows of a record batch."""
        start, self._stop = self._stop, self._stop + batch.num_rows
        columns = [batch.column(name).to_numpy(zero_copy_only=False) for name in self.names]
        if columns:
            self._x[start : self._stop, self._places] = np.stack(columns, axis=1)

    def whole(self) -> np.ndarray:
        """All rows that were added."""
        return self._x[: self._stop]


def _most_rows(path: pathlib.Path) -> int:
    """At least as many as there are: the ends of lines."""
    count = 1
    with readable(path), open_bytes(path) as stream:
        while block := stream.read(BLOCK_BYTES):
            count += block.count(b"\n") or block.count(b"\r")
    return count


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
