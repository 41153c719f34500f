"""The streaming feed: tf.data prepares the next batches while the step runs."""

import numpy as np
import tensorflow as tf

from aecli.errors import BadRequest
from aecli.training.feed import ROWS, Preparation, epoch_order
from aecli.training.strategy import Replicas

as_it_is = tf.autograph.experimental.do_not_convert  # that would write into the temporary folder


class StreamingFeed:
    """Batches gathered on the host; x may be any array that takes an array of indices.

    x, val: [N, H, W, C] uint8 or float32.
    """

    kind = "streaming"

    def __init__(
        self, x: np.ndarray, val: np.ndarray, preparation: Preparation, batch_size: int,
        replicas: Replicas | None = None,
    ):  # fmt: skip
        self._replicas = replicas
        self.failure: BadRequest | None = None  # of a file that is no longer what it was
        self.steps_per_epoch = -(-len(x) // batch_size)
        self._x, self._val, self._preparation = x, val, preparation
        self._batch = batch_size
        self._order = tf.Variable(np.zeros(len(x), np.int32), trainable=False)
        self._first = tf.Variable(0, dtype=tf.int64, trainable=False)  # batch of this epoch
        self._before = tf.Variable(0, dtype=tf.int64, trainable=False)  # steps of earlier epochs
        self._batches = self.batches()

    def attach(self, model, steps: int) -> None:
        """Keras's own train and test functions do, on batches of ours; `steps` in all."""
        self._model, self._steps = model, steps
        model.optimizer.build(model.trainable_variables)
        if self._replicas is None:
            model.make_train_function()
            self._train_step = model.train_function
        else:
            spec = self._batches.element_spec
            shared = tf.function(self._share, input_signature=spec, autograph=False)
            self._train_step = lambda iterator: shared(*next(iterator))
        model.train_function = self._train

    def dataset(self) -> tf.data.Dataset:
        """The numbers of the batches, which Keras counts by."""
        return tf.data.Dataset.range(self.steps_per_epoch)

    def batches(self) -> tf.data.Dataset:
        """-> (input [B, H, W, C], target [B, H, W, C]) float32; the last batch may be smaller.

        With replicas the rows that those of this process take, and B.
        """
        order = tf.data.Dataset.range(1).flat_map(
            as_it_is(
                lambda _: tf.data.Dataset.from_tensor_slices(
                    self._order[self._first * self._batch :]
                )
            )
        )
        batches = order.batch(self._batch).enumerate()
        return batches.map(as_it_is(self._prepare), num_parallel_calls=2).prefetch(4)

    def validation(self) -> tf.data.Dataset:
        """-> (input or {"image", "epsilon"}, target), frozen, read block by block."""
        blocks = tf.data.Dataset.range(-(-len(self._val) // ROWS))
        blocks = blocks.map(as_it_is(self._frozen_block))
        known = tf.data.experimental.assert_cardinality(-(-len(self._val) // self._batch))
        return blocks.rebatch(self._batch).apply(known).prefetch(2)

    def begin_epoch(self, epoch: int, done: int = 0) -> None:
        """`done`: steps of it that were trained before; they are passed over."""
        self._epoch, self._done = epoch, done
        self._order.assign(epoch_order(self._preparation.seed, epoch, len(self._x)))
        self._first.assign(done)
        self._before.assign(epoch * self.steps_per_epoch)
        self._iterator = iter(self._batches)

    def steps_after(self, batch: int) -> int:
        """Training steps done in all once Keras has counted this batch of the epoch."""
        done = max(batch + 1, self._done)
        return min(self._epoch * self.steps_per_epoch + done, self._steps)

    def _train(self, iterator):
        if int(next(iterator)) < self._done:
            return self._model.get_metrics_result()
        return self._train_step(self._iterator)

    def _prepare(self, number, indices):
        step = self._before + self._first + number
        if self._replicas is None:
            return self._preparation.fresh(self._rows(indices), step)
        size = tf.size(indices)
        first, last = self._replicas.mine(size)
        rows = self._rows(indices[first:last])
        return *self._preparation.fresh_part(rows, step, first, size), size

    def _rows(self, indices):
        return self._read(self._x, lambda i: self._x[i], indices)

    def _share(self, x, target, size):
        """One step; x and target: the rows of this process, of a batch of `size`."""
        start = self._replicas.mine(size)[0]

        def part(first, last):
            with tf.device("CPU:0"):  # where they are: a device gets no more than its rows
                return x[first - start : last - start], target[first - start : last - start]

        self._replicas.step(self._model, size, part)
        return self._model.get_metrics_result()

    def _frozen_block(self, number):
        rows = self._read(self._val, lambda i: self._val[i * ROWS : (i + 1) * ROWS], number)
        x, target = self._preparation.frozen_block(rows, number)
        shape = self._model.noise_shape()
        if shape is None:
            return x, target
        draws = tf.numpy_function(
            lambda n, i: self._model.frozen_epsilon(n, start=i * ROWS),
            [tf.shape(rows)[0], number],
            tf.float32,
        )
        return {"image": x, "epsilon": tf.ensure_shape(draws, (None, *shape))}, target

    def _read(self, x, function, index) -> tf.Tensor:
        def read(i):
            try:
                return function(i)
            except BadRequest as error:  # TensorFlow would wrap it into pages
                self.failure = error
                raise

        rows = tf.numpy_function(read, [index], x.dtype, stateful=False)
        return tf.ensure_shape(rows, (None, *x.shape[1:]))
