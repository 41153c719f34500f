"""Chosen: which images of a source each of the three parts has."""

import dataclasses

import numpy as np

from aecli.datasets.source import Source
from aecli.datasets.splits import Split


@dataclasses.dataclass(frozen=True)
class Chosen:
    """Positions [n] in the source's training part, or of test in its test part if it has one.

    val is None for the test split, test for the training part.
    """

    train: np.ndarray
    val: np.ndarray | None
    test: np.ndarray | None

    def read(self, source: Source, everything: bool) -> tuple[Source, "Chosen"]:
        """(a source whose images were read and checked, the positions in it).

        everything: whether it is the whole one; else it has the chosen images alone, and no other
        is read. Raises BadRequest.
        """
        if everything:
            return source.read(), self
        own = None if source.test is None else self.test
        pool = (self.train, self.val, self.test if own is None else None)
        found = source.read(_joined(pool), own)
        ends = np.cumsum([0 if rows is None else len(rows) for rows in pool])
        val, test = (
            None if rows is None else np.arange(end - len(rows), end)
            for rows, end in zip(pool[1:], ends[1:], strict=True)
        )
        test = test if own is None else np.arange(len(own))
        return found, Chosen(np.arange(len(self.train)), val, test)

    def of(self, source: Source) -> tuple[Split, Split | None, Split | None]:
        """The three parts; a test part as it is in the source is not copied."""
        train, val = source.train.take(self.train), self.val
        if val is not None:
            val = source.train.take(val)
        if self.test is None or source.test is None:
            return train, val, None if self.test is None else source.train.take(self.test)
        is_whole = np.array_equal(self.test, np.arange(len(source.test)))
        return train, val, source.test if is_whole else source.test.take(self.test)


def _joined(parts: tuple[np.ndarray | None, ...]) -> np.ndarray:
    return np.concatenate([rows for rows in parts if rows is not None])
