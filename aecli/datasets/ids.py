"""What the rows of a table are known by, without an object a row."""

from typing import Any

import numpy as np


class Numbers:
    """The rows' numbers in their file, from 1, as an array [N] that takes no memory.

    at: positions [N] of the rows in it; None for the first `count`.
    """

    dtype = np.dtype(np.int64)

    def __init__(self, count: int, at: np.ndarray | None = None):
        self._count, self._at = count, at

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, rows: Any) -> Any:
        if self._at is not None:
            return self._at[rows].astype(np.int64) + 1
        if isinstance(rows, slice):
            return np.arange(1, self._count + 1)[rows]
        return np.asarray(rows, np.int64) + 1

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self[:].astype(dtype or self.dtype)

    def take(self, rows: np.ndarray) -> "Numbers":
        """Those of some of the rows."""
        return Numbers(len(rows), rows if self._at is None else self._at[rows])


class Texts:
    """Texts as an array [N] of them that is made when it is asked for.

    letters: [n] uint8, all of them in UTF-8, one after another; ends: [N + 1], where each begins
    and ends; at: positions [N], None for all.
    """

    dtype = np.dtype(str)

    def __init__(self, letters: np.ndarray, ends: np.ndarray, at: np.ndarray | None = None):
        self._letters, self._ends, self._at = letters, ends, at

    def __len__(self) -> int:
        return len(self._ends) - 1 if self._at is None else len(self._at)

    def __getitem__(self, rows: Any) -> Any:
        at = np.arange(len(self._ends) - 1) if self._at is None else self._at
        found = at[rows]
        if np.ndim(found) == 0:
            return self._text(int(found))
        return np.array([self._text(int(one)) for one in found], str)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self[:].astype(dtype or self.dtype)

    def take(self, rows: np.ndarray) -> "Texts":
        """Those of some of the rows."""
        return Texts(self._letters, self._ends, rows if self._at is None else self._at[rows])

    def _text(self, row: int) -> str:
        first, last = self._ends[row : row + 2]
        return self._letters[first:last].tobytes().decode()


Ids = np.ndarray | Numbers | Texts
