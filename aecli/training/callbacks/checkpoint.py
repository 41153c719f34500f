"""The best model and the training state."""

import math
import pathlib
import time
from typing import Annotated, Any

import keras
import numpy as np
from pydantic import Field

from aecli.files import made_folder, replacing
from aecli.training import state as states
from aecli.training.remembered import Remembered
from aecli.untrusted import keras_file

BEST_SECONDS = 10  # between two writes of best.keras, whose content last.safetensors has anyway


class Checkpoint(Remembered, keras.callbacks.Callback):
    """last.safetensors: the training state, every `every` epochs and every `every_steps` steps.

    best.keras: the epoch with the lowest `monitor`, of None the last one, at the end and at most
    every 10 s meanwhile; the state has its weights at every moment.
    """

    remembered = ("best", "best_epoch")

    def __init__(
        self,
        folder: str,
        monitor: str | None = "val_loss",
        every: Annotated[int, Field(ge=1, description="epochs")] = 1,
        every_steps: Annotated[int, Field(ge=1, description="steps")] | None = None,
    ):
        super().__init__()
        self.monitor, self.every, self.every_steps = monitor, every, every_steps
        self.best, self.best_epoch = math.inf, None
        self._folder = pathlib.Path(folder) / "checkpoints"
        self._best_tensors: dict[str, np.ndarray] = {}  # none yet
        self._best_is_written = True
        self._written, self._saved = -math.inf, (0, 0)
        self._about: dict = {}

    def describe(self, about: dict) -> None:
        """What is kept beside the state: the config, the data's fingerprint, the environment."""
        self._about = about

    def watch(self, clock, callbacks: dict[str, keras.callbacks.Callback], optimizers) -> None:
        """Where we are, the callbacks whose memory is kept, and the optimizer of each player."""
        self._clock, self._optimizers = clock, optimizers
        self._callbacks: dict[str, Any] = {
            k: v for k, v in callbacks.items() if hasattr(v, "get_state")
        }

    def begin_from(self, state: states.State, model: keras.Model) -> None:
        """Go on from a state that was read. Raises BadRequest for the best of another model."""
        if best := state.tensors["best"]:
            states.check(model.variables, best)
            self._best_tensors = {name: np.asarray(value) for name, value in best.items()}
            self._best_is_written = False
        self._saved = (state.epoch, state.step)

    def on_train_begin(self, logs=None):
        made_folder(self._folder)
        self.write_best()  # of a run that was killed it is behind the state

    def on_train_batch_end(self, batch, logs=None):
        epoch, step = self._saved
        since = self._clock.step - (step if epoch == self._clock.epoch else 0)
        if self.every_steps and since >= self.every_steps:
            self.save()

    def measure(self, epoch: int, logs) -> float:
        """What the best epoch has the lowest of."""
        return -float(epoch) if self.monitor is None else logs[self.monitor]

    def on_epoch_end(self, epoch, logs=None):
        self._clock.finish_epoch()
        if (value := self.measure(epoch, logs)) < self.best:
            self.best, self.best_epoch = value, epoch + 1
            self._best_tensors, self._best_is_written = states.named(self.model.variables), False
        if (epoch + 1) % self.every == 0:
            self.save()
        if time.perf_counter() - self._written > BEST_SECONDS:
            self.write_best()

    def on_train_end(self, logs=None):
        if self._saved != (self._clock.epoch, self._clock.step):
            self.save()

    def save(self) -> None:
        """The state as it is now, the place inside the epoch included."""
        model, clock = self.model, self._clock
        tensors = {
            "model": states.named(model.variables),
            "optimizers": states.named_by_name(self._optimizers),
            "best": self._best_tensors,
        }
        if clock.step:
            tensors["metrics"] = states.named(model.metrics_variables)
        callbacks = {name: callback.get_state() for name, callback in self._callbacks.items()}
        state = states.State(
            clock.epoch, clock.step, bool(model.stop_training), tensors, callbacks, self._about
        )
        states.write(self._folder, state)
        self._saved = (clock.epoch, clock.step)

    def write_best(self) -> None:
        """best.keras, if it is behind: without the optimizer, which is at another epoch by now.

        The model is as before afterwards.
        """
        if self._best_is_written:
            return
        model, current = self.model, states.named(self.model.variables)
        optimizer, model.optimizer, model.compiled = model.optimizer, None, False
        try:
            states.assign(model.variables, self._best_tensors)
            with replacing(self._folder / "best.keras") as temporary:
                keras_file.save(model, temporary)
        finally:
            states.assign(model.variables, current)
            model.optimizer, model.compiled = optimizer, True
        self._best_is_written, self._written = True, time.perf_counter()
