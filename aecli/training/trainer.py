"""Trainer: compile and fit."""

import dataclasses
from typing import Annotated, ClassVar, Literal

import keras
import tensorflow as tf
from pydantic import Field

from aecli.component import Component
from aecli.training.callbacks.clock import Clock
from aecli.training.feed import Preparation, TrainingFeed, evaluation_data

Count = Annotated[int, Field(gt=0)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trainer(Component):
    """How long, in which batches, and how the step is compiled."""

    group: ClassVar[str] = "trainer"

    epochs: Count = 50
    steps: Count | None = None
    batch_size: Annotated[int, Field(gt=0, description="images a step")] = 64
    jit_compile: bool | Literal["auto"] = "auto"
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"
    threads: Count | None = None  # the bits of a result depend on it

    def total_steps(self, images: int) -> int:
        """Steps in all for a training split of so many images."""
        return self.steps or self.epochs * self.steps_per_epoch(images)

    def total_epochs(self, images: int) -> int:
        """Epochs, the last one perhaps in part."""
        return -(-self.total_steps(images) // self.steps_per_epoch(images))

    def steps_per_epoch(self, images: int) -> int:
        return -(-images // self.batch_size)

    def uses_xla(self, network) -> bool:
        """auto: dense networks gain from XLA on a CPU, convolutions lose; GPUs gain."""
        if self.jit_compile != "auto":
            return self.jit_compile
        return network.jit_on_cpu or bool(tf.config.list_physical_devices("GPU"))

    def fit(
        self, model, optimizer, splits, preparation: Preparation, callbacks: list
    ) -> keras.callbacks.History:
        """Train on splits.train, validate on splits.val with frozen noise and draws."""
        images = len(splits.train)
        feed = TrainingFeed(splits.train.x, preparation, self.batch_size)
        x, target = preparation.frozen(splits.val.x)
        validation = evaluation_data(x, target, model.frozen_epsilon(len(x)), self.batch_size)
        model.compile(optimizer=optimizer, jit_compile=self.uses_xla(model.network))
        return model.fit(
            feed.dataset(),
            epochs=self.total_epochs(images),
            validation_data=validation,
            callbacks=[Clock(feed, self.total_steps(images)), *callbacks],
            shuffle=False,
            verbose=0,
        )
