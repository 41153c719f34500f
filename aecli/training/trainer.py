"""Trainer: compile and fit."""

import contextlib
import dataclasses
import time
from typing import Annotated, ClassVar, Literal

import keras
import tensorflow as tf
from pydantic import Field

from aecli import memory
from aecli.component import Component
from aecli.errors import BadRequest
from aecli.networks.parted import LEAST
from aecli.pinned import pin_sums
from aecli.training import strategy as strategies
from aecli.training.callbacks.clock import Clock
from aecli.training.callbacks.order import in_order
from aecli.training.callbacks.restore import Restore
from aecli.training.cluster import cluster
from aecli.training.feed import Labels, Preparation
from aecli.training.resident import ResidentFeed
from aecli.training.state import assign, assign_by_name, is_complete
from aecli.training.step import Optimizers
from aecli.training.streaming import StreamingFeed

GPU_BYTES = 2 * 2**30  # beside the model and its activations; TensorFlow tells no free memory
Count = Annotated[int, Field(gt=0)]


@dataclasses.dataclass(frozen=True)
class Trial:
    """Seconds, as tried: until the first step is done, a step, the validation of an epoch."""

    first: float
    step: float
    validation: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trainer(Component):
    """How long, in which batches, how the step is compiled, and by how many devices."""

    group: ClassVar[str] = "trainer"

    epochs: Count = 50
    steps: Count | None = None
    batch_size: Annotated[int, Field(gt=0, description="images a step")] = 64
    feed: Literal["auto", "resident", "streaming"] = "auto"
    jit_compile: bool | Literal["auto"] = "auto"
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None  # the bits of a result depend on it
    program_cache: bool = True  # a second run need not wait for XLA; the results are the same
    deterministic: bool = False  # a CPU is so anyway
    strategy: Literal["none", "mirrored", "multi_worker"] = "none"

    def __post_init__(self) -> None:
        super().__post_init__()
        taken = {"jit_compile": (True, "auto"), "precision": ("mixed_float16", "mixed_bfloat16")}
        for key, (refused, instead) in taken.items():
            if self.strategy != "none" and getattr(self, key) == refused:
                raise BadRequest(
                    f"trainer.strategy={self.strategy} does not go with trainer.{key}="
                    f"{str(refused).lower()}\ntake trainer.{key}={instead}"
                )

    # ---- which devices ---------------------------------------------------------------------

    def join_replicas(self) -> strategies.Replicas | None:
        """Returns those that share each batch, None where one device has all of it.

        The first call waits until all workers have come, up to strategy.JOIN_SECONDS. Raises
        BadRequest where there is nothing to share with, RunFailed where a worker did not come.
        """
        return strategies.replicas(self.strategy)

    @property
    def is_follower(self) -> bool:
        """Whether another process, the chief, writes what this one trains along with."""
        ours = cluster(self.strategy)
        return ours is not None and not ours.is_chief

    def scope(self) -> contextlib.AbstractContextManager:
        """Where the model and its optimizer are made."""
        replicas = self.join_replicas()
        return replicas.scope() if replicas else contextlib.nullcontext()

    def guarded(self, run: str) -> contextlib.AbstractContextManager:
        """Around a fit: RunFailed where a worker is gone. `run`: what to resume then."""
        replicas = self.join_replicas()
        return replicas.guarded(run) if replicas else contextlib.nullcontext()

    # ---- how long --------------------------------------------------------------------------

    def total_steps(self, images: int) -> int:
        """Steps in all for a training split of so many images."""
        return self.steps or self.epochs * self.steps_per_epoch(images)

    def total_epochs(self, images: int) -> int:
        """Epochs, the last one perhaps in part."""
        return -(-self.total_steps(images) // self.steps_per_epoch(images))

    def steps_per_epoch(self, images: int) -> int:
        return -(-images // self.batch_size)

    def uses_xla(self, network) -> bool:
        """auto: dense networks gain from XLA on a CPU, convolutions lose; GPUs gain.

        Not where deterministic: TensorFlow's determinism covers its own kernels. Not where
        replicas add up their gradients inside the step.
        """
        if self.jit_compile != "auto":
            return self.jit_compile
        if self.deterministic or self.strategy != "none":
            return False
        return network.jit_on_cpu or bool(tf.config.list_physical_devices("GPU"))

    def takes_parts(self, network, images: int, threads: int) -> bool:
        """Whether threads take a part of each batch, instead of a part of each operation.

        network: it or its class.
        """
        if self.strategy != "none" or network.jit_on_cpu or self.uses_xla(network):
            return False
        if tf.config.list_physical_devices("GPU"):
            return False
        return threads > 1 and min(self.batch_size, images) >= LEAST * threads

    def make_feed(self, splits, preparation: Preparation, labels: Labels | None = None):
        """The chosen way of the images to the device; auto: resident where they fit.

        labels: where the model asks for them.
        """
        resident = self.feed == "resident" or (self.feed == "auto" and _fits(splits))
        feed = ResidentFeed if resident else StreamingFeed
        x, val = splits.train.x, splits.val.x
        if resident:  # what is read in place is loaded after all
            x, val = x[:], val[:]
        return feed(x, val, preparation, self.batch_size, self.join_replicas(), labels)

    def trial(self, model, optimizers: Optimizers, feed, images: int) -> Trial:
        """How long a training would take, by some steps of one; the model is of no use after it."""
        start = time.perf_counter()
        self._attached(model, optimizers, feed, self.total_steps(images))
        step = feed.seconds_a_step()
        first = time.perf_counter() - start
        _validation_seconds(model, feed)  # compiles
        return Trial(first, step, _validation_seconds(model, feed))

    def _attached(self, model, optimizers: Optimizers, feed, steps: int) -> Optimizers:
        """The optimizers, perhaps wrapped by Keras; model and feed are ready for the first step."""
        if self.deterministic:
            tf.config.experimental.enable_op_determinism()
        pin_sums()
        with self.scope():
            first = model.players[0]  # whose learning rate is logged, and lowered by callbacks
            model.compile(optimizers[first], jit_compile=self.uses_xla(model.network))
            optimizers = optimizers | {first: model.optimizer}  # perhaps wrapped by Keras
            for player, optimizer in optimizers.items():
                optimizer.build(model.variables_of(player))
        if (replicas := self.join_replicas()) is not None:
            replicas.attach(model, optimizers)
        feed.attach(model, optimizers, steps)
        return optimizers

    def fit(self, model, optimizers: Optimizers, feed, images: int, callbacks=None, state=None):
        """Train and validate; go on from a State where one is given.

        optimizers: one for each of the model's players. callbacks: {name: callback}, called in the
        order of callbacks/order.py; those with get_state and set_state are part of the training
        state, which a callback named checkpoint writes.
        -> keras.callbacks.History of the epochs trained now, None where none was left.
        """
        callbacks, steps = dict(callbacks or {}), self.total_steps(images)
        optimizers = self._attached(model, optimizers, feed, steps)
        place = (state.epoch, state.step) if state else (0, 0)
        callbacks["clock"] = Clock(feed, steps, *place)
        if state is not None:
            assign(model.variables, state.tensors["model"])
            assign_by_name(optimizers, state.tensors["optimizers"])
            callbacks["restore"] = Restore(state, dict(callbacks))
        callbacks = in_order(callbacks)
        if "checkpoint" in callbacks:
            callbacks["checkpoint"].watch(callbacks["clock"], callbacks, optimizers)
        try:
            if is_complete(state, self.total_epochs(images)):
                for callback in callbacks.values():
                    callback.set_model(model)
                callbacks["restore"].on_train_begin()
                return None
            return keras.Model.fit(  # not the model's own, which looks at the data again
                model,
                feed.dataset(),
                initial_epoch=place[0],
                epochs=self.total_epochs(images),
                validation_data=feed.validation(),
                callbacks=[*callbacks.values()],
                shuffle=False,
                verbose=0,
            )
        finally:  # a later fit or evaluate of this model is Keras's own again
            model.train_function = model.test_function = None


def _validation_seconds(model, feed) -> float:
    start, blocks = time.perf_counter(), iter(feed.validation())
    with contextlib.suppress(StopIteration):
        while True:
            model.test_function(blocks)
    return time.perf_counter() - start


def _fits(splits) -> bool:
    """Whether the images take less than a quarter of the memory where they would live."""
    needed = splits.train.x.nbytes + 2 * splits.val.x.size * 4  # frozen input and target
    if tf.config.list_physical_devices("GPU"):
        return needed < GPU_BYTES
    return needed < memory.free() / 4
