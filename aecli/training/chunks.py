"""What both feeds are: one compiled program runs many steps on data that lie on the device.

Keras's fit sees a data set of chunk numbers. Its train function, replaced here, hands a range of
steps to a loop inside the graph, which takes each batch, prepares it and trains; so callbacks fire
once a chunk and once an epoch, and nothing crosses from Python to the device in between.
"""

import dataclasses
import functools
import time
from typing import Any

import tensorflow as tf

from aecli.models.batch import Batch
from aecli.training.feed import CHUNK_SECONDS, Labels, Preparation
from aecli.training.step import Optimizers, train_step
from aecli.training.strategy import Replicas
from aecli.training.validation import Validation

TRIAL_SECONDS = 0.05  # enough to time a step by


class ChunkFeed:
    """Base of the feeds: a subclass says where the batches of a range of steps come from.

    x, val: [N, H, W, C] uint8 or float32; labels: for a model that asks for them. Images are kept
    as rows of H * W * C numbers: gathering from four axes takes several times as long.
    """

    kind: str

    def __init__(
        self, x, val, preparation: Preparation, batch_size: int,
        replicas: Replicas | None = None, labels: Labels | None = None,
    ):  # fmt: skip
        self.steps_per_epoch = -(-len(x) // batch_size)
        self._val, self._shape = val, x.shape[1:]
        self._replicas, self._labels = replicas, labels
        self._preparation, self._n, self._seed = preparation, len(x), preparation.seed
        self._batch = min(batch_size, len(x))
        self._full = len(x) // self._batch
        self._chunk = self._most = self._full  # steps between callbacks; of one call of a program
        self._copies: tuple = ()  # what each replica has of its own, for _taken

    # ---- what a feed says of itself --------------------------------------------------------------

    def _signature(self) -> tuple[Any, Any]:
        """Of the data of a range of steps, and of the last batch where it is smaller."""
        raise NotImplementedError

    def _data(self, first: int) -> tuple[Any, int, int]:
        """-> data that batch `first` of the epoch is in, its place there, batches from it on."""
        raise NotImplementedError

    def _rest(self) -> Any:
        """The data of the last batch of the epoch, smaller than the others."""
        raise NotImplementedError

    def _batches(self, data) -> Any:
        """Data -> what _at_place takes."""
        raise NotImplementedError

    def _at_place(self, batches, place) -> Any:
        """The batch at a place, as _taken has it."""
        raise NotImplementedError

    def _rest_batch(self, data) -> Any:
        """Of _rest, as _taken has it."""
        raise NotImplementedError

    def _taken(self, batch, size: int, first, last, *copies) -> tuple[tf.Tensor, tf.Tensor | None]:
        """-> images [last - first, H, W, C] and labels of rows first .. last of a batch."""
        raise NotImplementedError

    def _trace_validation(self, jit: bool) -> None:
        raise NotImplementedError

    def _test(self, iterator):
        raise NotImplementedError

    # ---- what the trainer uses -------------------------------------------------------------------

    def attach(self, model, optimizers: Optimizers, steps: int) -> None:
        """Replace the compiled model's train and test functions; `steps` in all."""
        # given to the programs, not written in them: another seed is the same program
        seed = tf.constant(self._seed, tf.int32)
        self._preparation = dataclasses.replace(self._preparation, seed=seed)
        self._model, self._optimizers, self._steps = model, optimizers, steps
        labels = None if self._labels is None else self._labels[1]
        self._validation = Validation(model, self._preparation, labels)
        jit = model.jit_compile
        number = tf.TensorSpec([], tf.int32)
        whole, rest = self._signature()
        compiled = functools.partial(tf.function, jit_compile=jit, autograph=False)
        self._run = compiled(self._run_steps, input_signature=[whole, number, number, number])
        self._run_rest = compiled(self._rest_step, input_signature=[rest, number])
        self._trace(jit)
        self.begin_epoch(0)
        self._tried = 0.0  # seconds a step
        self._chunk = self._steps_a_chunk()
        model.train_function, model.test_function = self._train, self._test

    def seconds_a_step(self) -> float:
        """By two trials as long as the one of `attach` says is enough; the better one."""
        count = max(1, min(self._most, round(CHUNK_SECONDS / (self._tried or CHUNK_SECONDS))))
        return min(self._time(count) for _ in range(2)) / count

    def dataset(self) -> tf.data.Dataset:
        """The numbers of the chunks of an epoch, which Keras counts by."""
        return _numbers(-(-self._full // self._chunk))

    def validation(self) -> tf.data.Dataset:
        """One number: the whole split is one call."""
        return _numbers(1)

    def begin_epoch(self, epoch: int, done: int = 0) -> None:
        """`done`: steps of it that were trained before; they are passed over."""
        self._epoch, self._done = epoch, done

    def steps_after(self, chunk: int) -> int:
        """Training steps done in all once Keras has counted this chunk of the epoch."""
        done = min((chunk + 1) * self._chunk, self._full)
        done = self.steps_per_epoch if done == self._full else max(done, self._done)
        return min(self._epoch * self.steps_per_epoch + done, self._steps)

    # ---- the programs ----------------------------------------------------------------------------

    def _train(self, iterator):
        chunk = int(next(iterator)) * self._chunk
        before = self._epoch * self.steps_per_epoch
        first, logs = max(chunk, self._done), None
        stop = min(chunk + self._chunk, self._full, self._steps - before)
        while first < stop:
            data, place, there = self._data(first)
            count = min(stop - first, there)
            logs = self._run(data, place, count, before + first)
            first += count
        is_last = chunk + self._chunk >= self._full
        has_rest = max(self._full, self._done) < self.steps_per_epoch <= self._steps - before
        if is_last and has_rest:
            logs = self._run_rest(self._rest(), before + self._full)
        return logs or self._model.get_metrics_result()

    def _run_steps(self, data, place, count, step):
        """`count` steps, the first one the training's number `step`, of the batch at `place`."""
        batches = self._batches(data)

        def body(i):
            self._step(self._at_place(batches, place + i), step + i, self._batch)
            return i + 1

        tf.while_loop(lambda i: i < count, body, [tf.constant(0)], parallel_iterations=1)
        return self._model.get_metrics_result()

    def _rest_step(self, data, step):
        """The last batch of an epoch, smaller than the others."""
        self._step(self._rest_batch(data), step, self._n % self._batch)
        return self._model.get_metrics_result()

    def _step(self, batch, step, size: int):
        draws = self._preparation.draws(self._model.noise_shapes(), size, step)
        progress = tf.cast(step, tf.float32) / self.steps_per_epoch
        if self._replicas is None:
            x, label = self._taken(batch, size, 0, size, *self._copies)
            batch = Batch(*self._preparation.fresh(x, step), draws, progress, label)
            train_step(self._model, self._optimizers, batch)
            return

        def part(first, last, *copies):
            x, label = self._taken(batch, size, first, last, *copies)
            x, target = self._preparation.fresh_part(x, step, first, size)
            own = {name: draw[first:last] for name, draw in draws.items()}
            return Batch(x, target, own, progress, label)

        self._replicas.step(self._model, self._optimizers, size, part, *self._copies)

    def _steps_a_chunk(self) -> int:
        """By a short trial whose traces are wiped out: the same steps are then trained for real."""
        kept = [*self._model.variables]
        for optimizer in self._optimizers.values():
            kept += optimizer.variables
        values = [variable.numpy() for variable in kept]
        self._time(0)  # compiles
        count, seconds = 1, 0.0
        while seconds < TRIAL_SECONDS and count < self._most:
            count = min(2 * count, self._most)
            seconds = self._time(count)
        for variable, value in zip(kept, values, strict=True):
            variable.assign(value)
        self._tried = seconds / count
        chunks = max(1, round(seconds / count * self._full / CHUNK_SECONDS))
        return -(-self._full // chunks)

    def _trace(self, jit: bool) -> None:
        """Before anything that takes a time of its own: a trace's names count what came before it.

        Programs of the same names are found again in the cache of compiled ones.
        """
        self._trace_validation(jit)
        self._run.get_concrete_function()
        if self._full < self.steps_per_epoch:
            self._run_rest.get_concrete_function()

    def _time(self, count: int) -> float:
        data, place, _ = self._data(0)
        start = time.perf_counter()
        logs = self._run(data, place, count, 0)
        float(logs["loss"])
        seconds = time.perf_counter() - start
        if self._replicas is not None:  # all workers must come to the same chunks
            seconds = self._replicas.mean({"seconds": seconds})["seconds"]
        return seconds


def _numbers(n: int) -> tf.data.Dataset:
    """0 .. n - 1, without the tuning threads whose end takes longer than an epoch."""
    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_optimization.apply_default_optimizations = False
    return tf.data.Dataset.range(n).with_options(options)
