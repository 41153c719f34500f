"""A column of texts, as it is read a block at a time."""

import numpy as np


class Texts:
    """The values of a column as positions in the different ones."""

    def __init__(self) -> None:
        self._known: dict = {}
        self._found: list[np.ndarray] = []

    def add(self, column) -> None:
        """A block of the column, as pyarrow has it."""
        held = column if hasattr(column, "dictionary") else column.dictionary_encode()
        texts = held.dictionary.to_pylist() + [None] * bool(held.null_count)
        places = np.array([self._known.setdefault(text, len(self._known)) for text in texts], int)
        self._found.append(places[held.indices.fill_null(len(texts) - 1).to_numpy()])

    @property
    def different(self) -> list:
        """Each once; None for a gap."""
        return list(self._known)

    @property
    def positions(self) -> np.ndarray:
        """[N] in the different ones."""
        return np.concatenate(self._found)
