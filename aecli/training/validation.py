"""Validation: one program evaluates many images, prepared the same way in every epoch."""

import math

import numpy as np
import tensorflow as tf

from aecli.models.batch import Batch
from aecli.models.in_keras import evaluate_step, measured
from aecli.training.feed import Preparation, to_float

ROWS = 500  # images a step, fewer where they are large
VALUES = 2**20  # pixels a step


class Validation:
    """Of a model, which adds up its loss and terms; labels: [N] of the split, or None."""

    def __init__(self, model, preparation: Preparation, labels: np.ndarray | None):
        self._model, self._preparation, self._labels = model, preparation, labels

    def arrays(self, x: np.ndarray, first: int = 0) -> list[np.ndarray]:
        """What evaluate takes of validation images x, the first of which is number `first`.

        Input and, where it is another, target; draws by name; labels.
        """
        arrays = [x]
        if self._preparation.is_random:
            arrays = list(self._preparation.frozen(x, first))
        arrays += self._model.frozen_draws(len(x), start=first).values()
        if self._labels is not None:
            arrays.append(np.asarray(self._labels[first : first + len(x)], "int32"))
        return arrays

    def in_blocks(self, arrays: list[np.ndarray]) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
        """Each array as blocks [steps, rows, numbers] of an evaluation step, and what is left."""
        values = math.prod(self._model.data_shape) * self._model.decoded_an_example
        n = len(arrays[0])
        rows = min(ROWS, max(1, VALUES // values), n)
        full = n // rows
        blocks = [tf.constant(flat(a[: full * rows]).reshape(full, rows, -1)) for a in arrays]
        return blocks, [tf.constant(flat(a[full * rows :])) for a in arrays]

    def evaluate(self, blocks, rests, shapes: list[tuple[int, ...]]):
        """Arrays of `arrays`, as in_blocks has them; shapes: of an example in each."""
        draws = self._model.noise_shapes()

        def step(parts):
            parts = [tf.reshape(p, (p.shape[0], *s)) for p, s in zip(parts, shapes, strict=True)]
            x = to_float(parts.pop(0))
            y = parts.pop(0) if self._preparation.is_random else x
            label = parts.pop() if self._labels is not None else None
            drawn = dict(zip(draws, parts, strict=True))
            evaluate_step(self._model, Batch(x, y, drawn, label=label))

        def body(i):
            step([tf.gather(block, i) for block in blocks])
            return i + 1

        full = blocks[0].shape[0]
        tf.while_loop(lambda i: i < full, body, [tf.constant(0)], parallel_iterations=1)
        if rests[0].shape[0]:
            step(rests)
        return measured(self._model)


def flat(x: np.ndarray) -> np.ndarray:
    """[N, ...] -> rows of numbers."""
    return x.reshape(len(x), math.prod(x.shape[1:]))
