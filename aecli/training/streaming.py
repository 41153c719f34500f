"""The streaming feed: tf.data prepares the next batches while the step runs."""

import numpy as np
import tensorflow as tf

from aecli.training.feed import Preparation, epoch_order


class StreamingFeed:
    """Batches gathered on the host; x may be any array that takes an array of indices.

    x, val: [N, H, W, C] uint8 or float32.
    """

    kind = "streaming"

    def __init__(self, x: np.ndarray, val: np.ndarray, preparation: Preparation, batch_size: int):
        self.steps_per_epoch = -(-len(x) // batch_size)
        self._x, self._preparation = x, preparation
        self._validation = preparation.frozen(val)
        self._batch = batch_size
        self._order = tf.Variable(np.zeros(len(x), np.int32), trainable=False)
        self._before = tf.Variable(0, dtype=tf.int64, trainable=False)

    def attach(self, model, steps: int) -> None:
        """Keras's own train and test functions do; `steps` in all."""
        self._epsilon, self._steps = model.frozen_epsilon(len(self._validation[0])), steps

    def dataset(self) -> tf.data.Dataset:
        """-> (input [B, H, W, C], target [B, H, W, C]) float32; the last batch may be smaller."""
        order = tf.data.Dataset.range(1).flat_map(
            lambda _: tf.data.Dataset.from_tensor_slices(self._order.read_value())
        )
        batches = order.batch(self._batch).enumerate().map(self._prepare, num_parallel_calls=2)
        # Keras must know the number of batches: a step tried beyond the end counts as an iteration
        known = tf.data.experimental.assert_cardinality(self.steps_per_epoch)
        return batches.apply(known).prefetch(4)

    def validation(self) -> tf.data.Dataset:
        x, target = self._validation
        inputs = x if self._epsilon is None else {"image": x, "epsilon": self._epsilon}
        batches = tf.data.Dataset.from_tensor_slices((inputs, target)).batch(self._batch)
        return batches.prefetch(2)

    def begin_epoch(self, epoch: int) -> None:
        self._epoch = epoch
        self._order.assign(epoch_order(self._preparation.seed, epoch, len(self._x)))
        self._before.assign(epoch * self.steps_per_epoch)

    def steps_after(self, batch: int) -> int:
        """Training steps done in all once Keras has counted this batch of the epoch."""
        return min(self._epoch * self.steps_per_epoch + batch + 1, self._steps)

    def _prepare(self, number, indices):
        rows = tf.numpy_function(lambda i: self._x[i], [indices], self._x.dtype, stateful=False)
        rows = tf.ensure_shape(rows, (None, *self._x.shape[1:]))
        return self._preparation.fresh(rows, self._before + number)
