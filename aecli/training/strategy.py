"""Data-parallel training: replicas of one model share each batch and stay equal.

Replica r of n takes rows r*B//n to (r+1)*B//n of a batch of B images. What it adds to the gradient
is that of its rows, divided by B; the sum over all is the gradient of one process, whatever
the sizes of the parts. Noise and draws are those of the whole batch, of which a replica uses its
rows. So the losses are those of one process with the same batches, to float tolerance.

Every replica applies the same sum to its own copies of all variables: none is fetched from another.
"""

import contextlib
import functools
import logging
import re
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import keras
import tensorflow as tf

from aecli import typed
from aecli.errors import BadRequest, RunFailed
from aecli.models.base import Autoencoder
from aecli.models.batch import Share, sharing
from aecli.training.cluster import Cluster, cluster
from aecli.training.signals import SIGNALS, is_ours
from aecli.training.step import Optimizers, Shared, train_step

JOIN_SECONDS = 300  # the workers wait so long for each other at the start
LOOK_SECONDS = 5  # between two looks at the other workers
ANSWER_SECONDS = 10  # a worker may take to answer, twice: one that died is missed within 30 s
TRIES = 2
SUM = tf.distribute.ReduceOp.SUM


@functools.cache
def replicas(kind: str) -> "Replicas | None":
    """Of this process, None for "none"; waits for other workers. Raises BadRequest, RunFailed."""
    if kind == "none":
        return None
    if kind == "multi_worker":
        ours = cluster(kind)
        assert ours is not None  # of multi_worker there is one
        return Replicas(_joined(ours), ours)
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(devices) < 2:
        raise BadRequest(
            f"trainer.strategy=mirrored shares a batch between GPUs; here is one {devices[0].name}"
            "\ntake trainer.strategy=none"
        )
    return Replicas(tf.distribute.MirroredStrategy([device.name for device in devices]))


class Replicas:
    """The devices, of this process and of others, that take each step together."""

    def __init__(self, strategy: tf.distribute.Strategy, ours: Cluster | None = None):
        self._strategy, self._cluster = strategy, ours
        self.count: int = strategy.num_replicas_in_sync
        self.workers = len(ours.addresses) if ours else 1
        self._here = self.count // self.workers
        self._first = self._here * (ours.number if ours else 0)

    def check(self, batch_size: int, model) -> None:
        """Raises BadRequest for what the replicas cannot share."""
        if batch_size < self.count:
            raise BadRequest(
                f"trainer.batch_size={batch_size} is less than the {self.count} replicas that share"
                f" a batch\ntake at least trainer.batch_size={self.count}"
            )
        kind = type(model)
        if (kind.train_step, kind.compute_loss) != (keras.Model.train_step, _COMPUTE_LOSS):
            raise BadRequest(
                f"model {kind.__name__} has a training step of its own, which replicas cannot "
                "share\ntake trainer.strategy=none"
            )

    # ---- variables -------------------------------------------------------------------------------

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        """Variables that are made within it have a copy on every replica."""
        with self._strategy.scope(), tf.variable_creator_scope(_with_copies):
            yield

    def attach(self, model, optimizers: Optimizers) -> None:
        """Take over a model that was compiled within the scope, and what trains it."""
        model._distribute_strategy = None  # fit sees numbers of chunks: nothing to hand out
        for optimizer in optimizers.values():
            optimizer._all_reduce_sum_gradients = list  # ours are sums already, before clipping

    def copies(self, value: tf.Tensor):
        """One on each device, for `step`."""
        return self._strategy.experimental_distribute_values_from_function(
            lambda context: tf.identity(value)
        )

    # ---- training --------------------------------------------------------------------------------

    def step(self, model, optimizers: Optimizers, size, part: Callable, *inputs) -> None:
        """One training step on a batch of `size` images.

        part(first, last, *inputs) -> the Batch of those rows of the batch; of the inputs, those of
        `copies` are on the replica's own device.
        """
        self._strategy.run(functools.partial(_step, model, optimizers, size, part), inputs)

    def mine(self, size):
        """-> first, last: the rows of a batch of `size` that the replicas of this process take."""
        first, *_ = _rows(self._first, size, self.count)
        _, last, _ = _rows(self._first + self._here - 1, size, self.count)
        return first, last

    def mean(self, values: dict[str, float]) -> dict[str, float]:
        """Over the workers, so that all of them go on from the same numbers."""
        if self.workers == 1:
            return values
        total = self._total(tf.constant([*values.values()], tf.float64)).numpy() / self.count
        return dict(zip(values, total.tolist(), strict=True))

    @functools.cached_property
    def _total(self):
        def in_replica(values):
            own = tf.identity(values)  # on its device
            return tf.distribute.get_replica_context().all_reduce(SUM, own)

        def total(values):
            summed = self._strategy.run(in_replica, [values])
            return self._strategy.experimental_local_results(summed)[0]

        return tf.function(total, autograph=False)

    @contextlib.contextmanager
    def guarded(self, run: str) -> Iterator[None]:
        """RunFailed where another worker is gone; `run` is what to resume. Then all may leave."""
        try:
            yield
        except tf.errors.OpError as error:
            if self._cluster is None or self.workers == 1 or not _is_of_another(error):
                raise
            others = [int(task) for task in re.findall(r"task:(\d+)", error.message)]
            gone = next((n for n in others if n != self._cluster.number), None)
            name = "another worker" if gone is None else self._cluster.name(gone)
            raise RunFailed(
                f"{name} is gone: its own last words say why\n"
                f"start all workers again, each with: {typed.command('train', resume=run)}"
            ) from error
        finally:
            if self.workers > 1:
                _look_no_more(self._strategy)


def _step(model, optimizers, size, part, *inputs) -> None:
    """In each replica."""
    context = tf.distribute.get_replica_context()
    number = tf.get_static_value(context.replica_id_in_sync_group)
    first, last, counts = _rows(number, size, context.num_replicas_in_sync)
    shared = Shared(
        size,
        counts,
        mean=lambda term: _part_of_mean(term, counts, size),
        total=lambda nest: context.all_reduce(SUM, nest),
    )
    with sharing(Share(first, last, size, counts)):
        train_step(model, optimizers, part(first, last, *inputs), shared)


def _rows(number: int, size, count: int):
    """-> first, last, counts of replica `number` of `count`.

    counts: 1, or 0 where no row is left for it; it then takes a row that counts nothing:
    not every operation takes an empty batch.
    """
    first, last = number * size // count, (number + 1) * size // count
    at_least = tf.maximum if tf.is_tensor(size) else max
    return first, at_least(last, first + 1), tf.cast(last > first, tf.float32)


def _part_of_mean(term, counts, size):
    """What the rows of a replica add to the mean of a term over the batch."""
    return tf.reduce_sum(term) * tf.cast(counts, term.dtype) / tf.cast(size, term.dtype)


def _with_copies(next_creator, **kwargs):
    """Each replica assigns to its own copy, whatever Keras asks: the values are equal anyway.

    Keras's metrics would else be summed over all workers where one of them reads them.
    """
    kwargs["synchronization"] = tf.VariableSynchronization.AUTO
    kwargs["aggregation"] = tf.VariableAggregation.NONE
    return next_creator(**kwargs)


_COMPUTE_LOSS = Autoencoder.compute_loss


# ---- other workers -------------------------------------------------------------------------------


def _joined(ours: Cluster) -> tf.distribute.Strategy:
    """Once all workers have come. Nothing is written yet: a signal ends the process at once."""
    from tensorflow.python.distribute.collective_all_reduce_strategy import (
        CollectiveAllReduceExtended as Extended,
    )
    from tensorflow.python.eager import context

    logging.getLogger("tensorflow").setLevel(logging.CRITICAL)  # we say who is gone
    # no coordination service: it waits for ever at the start, and takes SIGTERM for itself
    eager: Any = context.context()
    eager.configure_coordination_service(service_type="")
    Extended._check_health_initial_timeout = JOIN_SECONDS
    Extended._check_health_interval = LOOK_SECONDS
    Extended._check_health_timeout = ANSWER_SECONDS
    Extended._check_health_retry_limit = TRIES
    try:
        with _signals_at_once():
            return tf.distribute.MultiWorkerMirroredStrategy()
    except (RuntimeError, tf.errors.OpError) as error:
        if "program startup" in str(error):
            raise RunFailed("multi_worker is for a process of its own: aecli train") from error
        raise RunFailed(
            f"{ours.name(ours.number)} did not meet the others within {JOIN_SECONDS} s\n"
            "start all of them at about the same time, where each can reach the others' addresses"
        ) from error


def _look_no_more(strategy: tf.distribute.Strategy) -> None:
    """A worker that has left is no longer missed."""
    extended = strategy.extended
    if getattr(extended, "_check_health_thread", None) is not None:
        extended._check_health_thread_should_stop.set()
        extended._check_health_thread = None  # else the end of the process would wait for it


def _is_of_another(error: tf.errors.OpError) -> bool:
    kinds = (tf.errors.UnavailableError, tf.errors.DeadlineExceededError, tf.errors.AbortedError)
    return isinstance(error, kinds) or "ollective" in error.message


@contextlib.contextmanager
def _signals_at_once() -> Iterator[None]:
    """Python's handlers would wait for the end of the call."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [number for number in SIGNALS if is_ours(number)]
    handlers = {number: signal.signal(number, signal.SIG_DFL) for number in numbers}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
