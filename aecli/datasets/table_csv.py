"""A CSV with named columns, read by pyarrow: header, delimiter and decimal sign."""

import csv
import dataclasses
import itertools
import pathlib
import re
from collections.abc import Iterator
from typing import Any

from aecli.datasets.csv_rows import is_float, lines, readable
from aecli.datasets.source_file import check_text, is_gzip, open_bytes, shown
from aecli.datasets.table_part import Roles
from aecli.datasets.table_texts import NULLS, ways
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

    def key(self) -> list:
        """As table_blocks.Stored."""
        return ["csv", self.names, self.has_header, self.delimiter, self.decimal]

    def most_rows(self) -> int:
        """At least as many as there are: the ends of lines. Raises BadRequest."""
        count = 1
        with readable(self.path), open_bytes(self.path) as stream:
            while block := stream.read(BLOCK_BYTES):
                count += block.count(b"\n") or block.count(b"\r")
        return count

    def batches(self, roles: Roles) -> Iterator[Any]:
        """Its rows. Raises BadRequest for texts among numbers and for ragged rows."""
        from pyarrow import ArrowInvalid, dictionary, float32, int32, string
        from pyarrow.csv import ConvertOptions

        types: dict[str, Any] = dict.fromkeys(roles.features, float32())
        named = [*roles.categories, *([] if roles.label is None else [roles.label])]
        types |= dict.fromkeys(named, dictionary(int32(), string()))
        types |= {} if roles.id is None else {roles.id: string()}
        options: dict[str, Any] = {"include_columns": [*types], "decimal_point": self.decimal}
        with readable(self.path):
            try:
                yield from self._read(ConvertOptions(column_types=types, **options))
            except ArrowInvalid as error:
                raise BadRequest(f"{self.path}: {shown(error, 200)}\n{self._way(roles)}") from None

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

    def _way(self, roles: Roles) -> str:
        """What to do where a value is refused: of a column of texts that nobody named, its role."""
        column = next((name for name in self.texts if name in roles.features), None)
        column = None if column in roles.categories else column
        return "correct this row" if column is None else f"column {shown(column)!r}: {ways(column)}"


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
