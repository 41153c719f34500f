"""The streaming feed: tf.data prepares the next batches while the step runs."""

import time

import numpy as np
import tensorflow as tf

from aecli.errors import BadRequest
from aecli.models.batch import Batch
from aecli.models.in_keras import evaluate_step
from aecli.training.feed import CHUNK_SECONDS, ROWS, Labels, Preparation, epoch_order
from aecli.training.step import Optimizers, train_step
from aecli.training.strategy import Replicas

as_it_is = tf.autograph.experimental.do_not_convert  # that would write into the temporary folder


class StreamingFeed:
    """Batches gathered on the host; x may be any array that takes an array of indices.

    x, val: [N, H, W, C] uint8 or float32; labels: for a model that asks for them.
    """

    kind = "streaming"

    def __init__(
        self, x: np.ndarray, val: np.ndarray, preparation: Preparation, batch_size: int,
        replicas: Replicas | None = None, labels: Labels | None = None,
    ):  # fmt: skip
        self._replicas = replicas
        self._labels = None if labels is None else [tf.constant(of, tf.int32) for of in labels]
        self.failure: BadRequest | None = None  # of a file that is no longer what it was
        self.steps_per_epoch = -(-len(x) // batch_size)
        self._x, self._val, self._preparation = x, val, preparation
        self._batch = batch_size
        self._order = tf.Variable(tf.zeros(len(x), tf.int32), trainable=False)
        zero = tf.constant(0, tf.int64)
        self._first = tf.Variable(zero, trainable=False)  # batch of this epoch
        self._before = tf.Variable(zero, trainable=False)  # steps of earlier epochs
        self._batches = self.batches()

    def attach(self, model, optimizers: Optimizers, steps: int) -> None:
        """Replace the compiled model's train and test functions; `steps` in all."""
        self._model, self._optimizers, self._steps = model, optimizers, steps
        jit = model.jit_compile
        step = self._step if self._replicas is None else self._share
        shapes = (
            {"reduce_retracing": True} if jit else {"input_signature": self._batches.element_spec}
        )  # XLA wants to know them
        self._train_step = tf.function(step, jit_compile=jit, autograph=False, **shapes)
        self._evaluate = tf.function(
            self._evaluate_step, jit_compile=jit, autograph=False, reduce_retracing=not jit
        )
        model.train_function, model.test_function = self._train, self._test

    def seconds_a_step(self) -> float:
        """By a short trial, which trains."""
        self.begin_epoch(0)
        self._train_step(*next(self._iterator))  # compiles
        self.begin_epoch(0)
        start, count, seconds = time.perf_counter(), 0, 0.0
        while seconds < CHUNK_SECONDS and count < self.steps_per_epoch:
            float(self._train_step(*next(self._iterator))["loss"])
            count, seconds = count + 1, time.perf_counter() - start
        return seconds / count

    def dataset(self) -> tf.data.Dataset:
        """The numbers of the batches, which Keras counts by."""
        return tf.data.Dataset.range(self.steps_per_epoch)

    def batches(self) -> tf.data.Dataset:
        """-> input, target [B, H, W, C] float32, labels by name, the step; the last may be smaller.

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
        """-> input, target, labels by name and draws, frozen, read block by block."""
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
        return self._train_step(*next(self._iterator))

    def _step(self, x, target, given, step):
        draws, progress = self._at(step, tf.shape(x)[0])
        train_step(self._model, self._optimizers, Batch(x, target, draws, progress, **given))
        return self._model.get_metrics_result()

    def _at(self, step, size):
        """-> draws of a whole batch, epochs done, at a step of the training."""
        draws = self._preparation.draws(self._model.noise_shapes(), size, step)
        return draws, tf.cast(step, tf.float32) / self.steps_per_epoch

    def _test(self, iterator):
        return self._evaluate(*next(iterator))

    def _evaluate_step(self, x, target, given, draws):
        return evaluate_step(self._model, Batch(x, target, draws, **given))

    def _prepare(self, number, indices):
        step = self._before + self._first + number
        if self._replicas is None:
            rows = self._rows(indices)
            return *self._preparation.fresh(rows, step), self._given(0, indices), step
        size = tf.size(indices)
        first, last = self._replicas.mine(size)
        own = indices[first:last]
        both = self._preparation.fresh_part(self._rows(own), step, first, size)
        return *both, self._given(0, own), step, size

    def _given(self, part: int, indices) -> dict[str, tf.Tensor]:
        """What a batch has beside the images; part: 0 for training, 1 for validation."""
        return {} if self._labels is None else {"label": tf.gather(self._labels[part], indices)}

    def _rows(self, indices):
        return self._read(self._x, lambda i: self._x[i], indices)

    def _share(self, x, target, given, step, size):
        """One step; x and target: the rows of this process, of a batch of `size`."""
        assert self._replicas is not None  # else the step is _step
        replicas = self._replicas
        start = replicas.mine(size)[0]

        def part(first, last):
            draws, progress = self._at(step, size)
            draws = {name: draw[first:last] for name, draw in draws.items()}
            with tf.device("CPU:0"):  # where they are: a device gets no more than its rows
                rows = slice(first - start, last - start)
                own = {name: value[rows] for name, value in given.items()}
                return Batch(x[rows], target[rows], draws, progress, **own)

        replicas.step(self._model, self._optimizers, size, part)
        return self._model.get_metrics_result()

    def _frozen_block(self, number):
        rows = self._read(self._val, lambda i: self._val[i * ROWS : (i + 1) * ROWS], number)
        x, target = self._preparation.frozen_block(rows, number)
        first = tf.cast(number, tf.int32) * ROWS
        given = self._given(1, tf.range(first, first + tf.shape(rows)[0]))
        shapes = self._model.noise_shapes()
        if not shapes:
            return x, target, given, {}
        drawn = tf.numpy_function(
            lambda n, i: [*self._model.frozen_draws(n, start=i * ROWS).values()],
            [tf.shape(rows)[0], number],
            [tf.float32] * len(shapes),
        )
        draws = {
            name: tf.ensure_shape(draw, (None, *shape))
            for draw, (name, shape) in zip(drawn, shapes.items(), strict=True)
        }
        return x, target, given, draws

    def _read(self, x, function, index) -> tf.Tensor:
        def read(i):
            try:
                return function(i)
            except BadRequest as error:  # TensorFlow would wrap it into pages
                self.failure = error
                raise

        rows = tf.numpy_function(read, [index], x.dtype, stateful=False)
        return tf.ensure_shape(rows, (None, *x.shape[1:]))
