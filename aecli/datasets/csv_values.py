"""The values of a CSV whose layout is known: of all rows, or of some."""

import dataclasses
import pathlib
import warnings

import numpy as np

from aecli.datasets.csv_rows import is_label, picked, problems, readable, rows
from aecli.datasets.rows import Rows
from aecli.datasets.source_file import shown
from aecli.errors import BadRequest


@dataclasses.dataclass(frozen=True)
class Layout:
    """Where the values of a CSV are: after so many skipped lines; column: the label's, or None.

    width: columns of a row, 0 where that is the first row's.
    """

    path: pathlib.Path
    delimiter: str
    skipped: int
    column: int | None
    width: int

    def first_width(self) -> int:
        return len(next(rows(self.path, self.delimiter), (0, []))[1])

    def labels(self) -> tuple[np.ndarray, list[str]]:
        """(positions [N] in texts, texts); without a label column, N zeros. Raises BadRequest."""
        if self.column is None:
            below = picked(self.path, self.skipped, None)
            return np.zeros(sum(1 for line in below if line.strip("\r\n")), np.uint8), []
        texts = _Numbering()
        reason = self._loaded(np.int64, texts, usecols=[self.column])
        if isinstance(reason, str):
            raise self._wrong(reason)
        return reason[:, 0], list(texts)

    def pixels(self, count: int) -> Rows:
        """[count, D], of which the rows that are taken are parsed."""

        def read(positions: np.ndarray) -> np.ndarray:
            order = np.argsort(positions)
            with readable(self.path):
                values, _ = self.parsed(positions[order])
            if len(values) != len(order):
                raise BadRequest(f"{self.path} was changed while it was read: try again")
            if self.column is not None:
                values = np.delete(values, self.column, axis=1)
            return values[np.argsort(order)]

        width = self.width - (self.column is not None)
        return Rows(read, (count, width), is_kept=False, name=str(self.path))

    def parsed(self, positions: np.ndarray | None = None) -> tuple[np.ndarray, list[str]]:
        """([N, columns], texts): the label column holds positions in texts. Raises BadRequest.

        positions: sorted, of the rows that are parsed; None for all.
        """
        for dtype in (np.uint8, np.int32, np.float32):  # each refuses what it cannot hold
            texts = _Numbering()
            values = self._loaded(dtype, texts, positions)
            if isinstance(values, str):
                reason = values
                continue
            if self.width in (0, values.shape[1]) and np.isfinite(values).all():
                return values, list(texts)
            reason = f"a row has other than {self.width} columns"
        raise self._wrong(reason)

    def _loaded(self, dtype, texts, positions=None, usecols=None) -> np.ndarray | str:
        """[N, columns], or why there are none of this dtype. Raises BadRequest."""
        options = {"dtype": dtype, "delimiter": self.delimiter, "ndmin": 2, "usecols": usecols}
        if self.column is not None:
            options["converters"] = {self.column: texts}
        data = picked(self.path, self.skipped, positions)
        with warnings.catch_warnings(action="ignore"):
            # before NumPy 2.4, 0.5 as an integer was 0, and 300 as a byte 44, with this warning
            warnings.simplefilter("error", DeprecationWarning)
            try:
                values = np.loadtxt(data, comments=None, quotechar='"', **options)
            except (UnicodeDecodeError, BadRequest):
                raise
            except ValueError as error:
                return shown(error)
        if values.size == 0:
            raise BadRequest(f"{self.path} has no rows of data")
        return values

    def _wrong(self, reason: str) -> BadRequest:
        found = problems(self.path, self.delimiter, self.skipped, self.column, self.width)
        return BadRequest(
            f"{self.path}:{'; '.join(found or [reason])}\n"
            "correct these rows; one column may hold texts: dataset.label"
        )


class _Numbering(dict):
    """Texts are numbered as they come."""

    def __call__(self, text: str) -> int:
        if not is_label(text):
            raise ValueError("label")
        return self.setdefault(text.strip(), len(self))
