"""A trained autoencoder in the units of the user's files, by what its training learnt of them."""

from typing import Any

import numpy as np

from aecli.datasets import frames
from aecli.datasets.learnt import Learnt
from aecli.datasets.source import Source
from aecli.datasets.splits import Split


class Raw:
    """encode, reconstruct and decode of numbers as a file has them: bytes, or before any scaling.

    Of a text, sentences are texts: model.raw.reconstruct(["a red car"]). Of a table, a data frame
    (pandas, polars) has its columns matched by name, and what comes back is one, too.

    label: [N] whole numbers, for a model that asks for labels.
    Raises BadRequest for values that cannot be in the training's unit.
    """

    def __init__(self, model, learnt: Learnt):
        self._model, self._learnt = model, learnt

    def prepared(self, x: Any) -> np.ndarray:
        """[N, H, W, C], [N, H, W] or [N, D] as in a file -> [N, H, W, C] float32 for the model.

        Of rows of a table, a category is the position of its value, and a gap is NaN.
        """
        if (known := self._learnt.vocabulary) is not None:
            return known.rows([known.split(sentence) for sentence in x], self._learnt.shape[1])
        if frames.is_frame(x):
            x = frames.rows(x, self._learnt.columns, self._learnt.categories)
        x = np.asarray(x)
        x = x.reshape(len(x), *self._learnt.raw_shape)
        if self._learnt.coding is not None:
            x = x.astype(np.float32)
            self._learnt.coding.check(x, "the array")
        part, _, _ = self._learnt.given(Source(Split(x), None, "the array"), Split(x))
        return part.pixels()

    def encode(self, x: Any, label=None) -> np.ndarray:
        """Images as in a file -> codes [N, *code_shape]."""
        return self._model.encode(self.prepared(x), label=label)

    def reconstruct(self, x: Any, label=None) -> Any:
        """Images as in a file -> expected images [N, H, W, C] float32, in the same unit.

        Rows of a table -> rows [N, D], a data frame -> one; sentences -> sentences.
        """
        made = self._given_back(self._model.reconstruct(self.prepared(x), label))
        if not frames.is_frame(x):
            return made
        return frames.like(x, made, self._learnt.columns or {}, self._learnt.categories)

    def decode(self, z: np.ndarray, label=None) -> Any:
        """Codes -> expected images [N, H, W, C] float32, or rows [N, D], in the file's unit."""
        return self._given_back(self._model.decode(z, label))

    def _given_back(self, x: np.ndarray) -> Any:
        if self._learnt.vocabulary is not None:
            return self._learnt.vocabulary.sentences(x)
        x = self._learnt.raw(x)
        return x.reshape(len(x), -1) if self._learnt.spec.kind == "table" else x
