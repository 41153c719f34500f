"""The resident feed: the whole split stays on the device, one compiled program runs many steps.

Keras's fit sees a data set of chunk numbers. Its train function, replaced here, hands a range of
steps to a loop inside the graph, which gathers, prepares and trains; so callbacks fire once a
chunk and once an epoch, and nothing crosses from Python to the device in between.
"""

import dataclasses
import functools
import math
import time

import numpy as np
import tensorflow as tf

from aecli.models.batch import Batch
from aecli.models.in_keras import evaluate_step, measured
from aecli.training.feed import CHUNK_SECONDS, Labels, Preparation, epoch_order, to_float
from aecli.training.step import Optimizers, train_step
from aecli.training.strategy import Replicas

TRIAL_SECONDS = 0.05  # enough to time a step by
VALIDATION_ROWS = 500  # images a validation step, fewer where they are large
VALIDATION_VALUES = 2**20  # pixels a validation step


class ResidentFeed:
    """Training and validation images on the device, in their own dtype.

    x, val: [N, H, W, C] uint8 or float32; labels: for a model that asks for them. Images are kept
    as rows of H * W * C numbers: gathering from four axes takes several times as long.
    """

    kind = "resident"

    def __init__(
        self, x: np.ndarray, val: np.ndarray, preparation: Preparation, batch_size: int,
        replicas: Replicas | None = None, labels: Labels | None = None,
    ):  # fmt: skip
        self.steps_per_epoch = -(-len(x) // batch_size)
        self._x, self._val, self._shape = tf.constant(_flat(x)), val, x.shape[1:]
        self._replicas, self._labels = replicas, labels
        self._label = None if labels is None else tf.constant(labels[0], tf.int32)
        if replicas is not None:
            self._x = replicas.copies(self._x)
        self._preparation, self._n, self._seed = preparation, len(x), preparation.seed
        self._batch = min(batch_size, len(x))
        self._full = len(x) // self._batch
        self._chunk = self._full

    # ---- what the trainer uses -----------------------------------------------------------------

    def attach(self, model, optimizers: Optimizers, steps: int) -> None:
        """Replace the compiled model's train and test functions; `steps` in all."""
        # given to the programs, not written in them: another seed is the same program
        seed = tf.constant(self._seed, tf.int32)
        self._preparation = dataclasses.replace(self._preparation, seed=seed)
        self._model, self._optimizers, self._steps = model, optimizers, steps
        jit = model.jit_compile
        number = tf.TensorSpec([], tf.int32)
        order = tf.TensorSpec([self._n], tf.int32)
        compiled = functools.partial(tf.function, jit_compile=jit, autograph=False)
        self._run = compiled(self._run_steps, input_signature=[order, number, number, number])
        self._run_rest = compiled(self._rest_step, input_signature=[order, number])
        self._prepare_validation(jit)
        self._trace()
        self.begin_epoch(0)
        self._tried = 0.0  # seconds a step
        self._chunk = self._steps_a_chunk()
        model.train_function, model.test_function = self._train, self._test

    def seconds_a_step(self) -> float:
        """By two trials as long as the one of `attach` says is enough; the better one."""
        count = max(1, min(self._full, round(CHUNK_SECONDS / (self._tried or CHUNK_SECONDS))))
        return min(self._time(count) for _ in range(2)) / count

    def dataset(self) -> tf.data.Dataset:
        return _numbers(-(-self._full // self._chunk))

    def validation(self) -> tf.data.Dataset:
        return _numbers(1)

    def begin_epoch(self, epoch: int, done: int = 0) -> None:
        """`done`: steps of it that were trained before; they are passed over."""
        self._epoch, self._done = epoch, done
        self._order = tf.constant(epoch_order(self._seed, epoch, self._n), tf.int32)

    def steps_after(self, chunk: int) -> int:
        """Training steps done in all once Keras has counted this chunk of the epoch."""
        done = min((chunk + 1) * self._chunk, self._full)
        done = self.steps_per_epoch if done == self._full else max(done, self._done)
        return min(self._epoch * self.steps_per_epoch + done, self._steps)

    # ---- the programs ----------------------------------------------------------------------------

    def _train(self, iterator):
        chunk = int(next(iterator)) * self._chunk
        before = self._epoch * self.steps_per_epoch
        first = max(chunk, self._done)
        count = min(chunk + self._chunk, self._full, self._steps - before) - first
        logs = self._run(self._order, first, count, before) if count > 0 else None
        is_last = chunk + self._chunk >= self._full
        has_rest = max(self._full, self._done) < self.steps_per_epoch <= self._steps - before
        if is_last and has_rest:
            logs = self._run_rest(self._order, before + self._full)
        return logs or self._model.get_metrics_result()

    def _run_steps(self, order, first, count, before):
        """Steps first .. first + count of an epoch, `before` steps into the training."""
        batches = tf.reshape(order[: self._full * self._batch], (self._full, self._batch))

        def body(i):
            self._step(tf.gather(batches, first + i), before + first + i)
            return i + 1

        tf.while_loop(lambda i: i < count, body, [tf.constant(0)], parallel_iterations=1)
        return self._model.get_metrics_result()

    def _rest_step(self, order, step):
        """The last batch of an epoch, smaller than the others."""
        self._step(order[self._full * self._batch :], step)
        return self._model.get_metrics_result()

    def _step(self, rows, step):
        if self._replicas is not None:
            size, inputs = rows.shape[0], (self._x, rows, step)
            self._replicas.step(self._model, self._optimizers, size, self._part, *inputs)
            return
        images = self._images(self._x, rows)
        both = self._preparation.fresh(images, step)
        draws, progress = self._at(step, rows.shape[0])
        batch = Batch(*both, draws, progress, self._label_of(rows))
        train_step(self._model, self._optimizers, batch)

    def _part(self, first, last, x, rows, step):
        """Rows first .. last of a batch, in a replica."""
        size = rows.shape[0]
        own = rows[first:last]
        x, target = self._preparation.fresh_part(self._images(x, own), step, first, size)
        draws, progress = self._at(step, size)
        draws = {name: draw[first:last] for name, draw in draws.items()}
        return Batch(x, target, draws, progress, self._label_of(own))

    def _at(self, step, size: int):
        """-> draws of a whole batch, epochs done, at a step of the training."""
        draws = self._preparation.draws(self._model.noise_shapes(), size, step)
        return draws, tf.cast(step, tf.float32) / self.steps_per_epoch

    def _label_of(self, rows):
        return None if self._label is None else tf.gather(self._label, rows)

    def _images(self, x, rows):
        return tf.reshape(tf.gather(x, rows), (rows.shape[0], *self._shape))

    def _steps_a_chunk(self) -> int:
        """By a short trial whose traces are wiped out: the same steps are then trained for real."""
        kept = [*self._model.variables]
        for optimizer in self._optimizers.values():
            kept += optimizer.variables
        values = [variable.numpy() for variable in kept]
        self._time(0)  # compiles
        count, seconds = 1, 0.0
        while seconds < TRIAL_SECONDS and count < self._full:
            count = min(2 * count, self._full)
            seconds = self._time(count)
        for variable, value in zip(kept, values, strict=True):
            variable.assign(value)
        self._tried = seconds / count
        chunks = max(1, round(seconds / count * self._full / CHUNK_SECONDS))
        return -(-self._full // chunks)

    def _trace(self) -> None:
        """Before anything that takes a time of its own: a trace's names count what came before it.

        Programs of the same names are found again in the cache of compiled ones.
        """
        self._run.get_concrete_function()
        if self._full < self.steps_per_epoch:
            self._run_rest.get_concrete_function()
        self._validate.get_concrete_function()

    def _time(self, count: int) -> float:
        start = time.perf_counter()
        logs = self._run(self._order, 0, count, 0)
        float(logs["loss"])
        seconds = time.perf_counter() - start
        if self._replicas is not None:  # all workers must come to the same chunks
            seconds = self._replicas.mean({"seconds": seconds})["seconds"]
        return seconds

    def _prepare_validation(self, jit: bool) -> None:
        """One program for the whole split: blocks of images, then the rest."""
        arrays = [self._val]  # input, then target where it is another, and draws
        if self._preparation.is_random:
            arrays = list(self._preparation.frozen(self._val))
        draws = self._model.frozen_draws(len(self._val))
        arrays += draws.values()
        if self._labels is not None:
            arrays.append(np.asarray(self._labels[1], "int32"))
        shapes = [array.shape[1:] for array in arrays]
        values = math.prod(self._shape) * self._model.decoded_an_example
        fitting = max(1, VALIDATION_VALUES // values)
        rows = min(VALIDATION_ROWS, fitting, len(self._val))
        full = len(self._val) // rows
        blocks = [tf.constant(_flat(a[: full * rows]).reshape(full, rows, -1)) for a in arrays]
        rests = [tf.constant(_flat(a[full * rows :])) for a in arrays]

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

        def whole():
            tf.while_loop(lambda i: i < full, body, [tf.constant(0)], parallel_iterations=1)
            if len(rests[0]):
                step(rests)
            return measured(self._model)

        self._validate = tf.function(whole, jit_compile=jit, autograph=False)

    def _test(self, iterator):
        next(iterator)
        return self._validate()


def _flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), math.prod(x.shape[1:]))


def _numbers(n: int) -> tf.data.Dataset:
    """0 .. n - 1, without the tuning threads whose end takes longer than an epoch."""
    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_optimization.apply_default_optimizations = False
    return tf.data.Dataset.range(n).with_options(options)
