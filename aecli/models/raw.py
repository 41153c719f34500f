"""A trained autoencoder in the units of the user's files, by what its training learnt of them."""

import math
from typing import Any

import numpy as np

from aecli.datasets import frames
from aecli.datasets.learnt import Learnt
from aecli.datasets.source import Source
from aecli.datasets.splits import Split
from aecli.dataspec import by
from aecli.errors import BadRequest


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
        return self.part(x)[0].pixels()

    def part(
        self, x: Any, name: str = "the array", beyond: bool = False
    ) -> tuple[Split, list[str]]:
        """The same as (a Split, with what was cut off from it; what to say of it).

        name: for messages; beyond: whether values outside of the training's range may pass.
        """
        if (known := self._learnt.vocabulary) is not None:
            rows = known.rows([known.split(sentence) for sentence in x], self._learnt.shape[1])
            return Split(rows), []
        if frames.is_frame(x):
            x = frames.rows(x, self._learnt.columns, self._learnt.categories)
        x = shaped(np.asarray(x), self._learnt.raw_shape, name)
        if self._learnt.coding is not None:
            x = x.astype(np.float32)
            self._learnt.coding.check(x, name)
        part, _, notes = self._learnt.given(Source(Split(x), None, name), Split(x), beyond)
        return part, notes

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


def shaped(x: np.ndarray, shape: tuple[int, int, int], name: str) -> np.ndarray:
    """[N, ...] of numbers -> [N, *shape]; axes of length 1 may be left out, or all be one.

    Raises BadRequest: for examples of another shape, and for one without the axis of examples.
    """
    if x.dtype.kind not in "buif":
        raise BadRequest(f"{name} is an array of {x.dtype}, not of numbers")
    wanted = [side for side in shape if side > 1]
    found = [side for side in x.shape[1:] if side > 1]
    if x.ndim and found in (wanted, [math.prod(wanted)] if wanted else []):
        return x.reshape(len(x), *shape)
    is_one = [side for side in x.shape if side > 1] == wanted
    hint = "\nof one example make an array of one: x[None]" if is_one else ""
    raise BadRequest(
        f"{name} has the shape {x.shape}; this model takes [N, {', '.join(map(str, shape))}], "
        f"examples of {by(shape)}{hint}"
    )
