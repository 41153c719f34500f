"""The best model and the last state."""

import json
import math
import pathlib
from typing import Annotated

import keras
import numpy as np
from pydantic import Field
from safetensors.numpy import save_file

from aecli.files import replacing


class Checkpoint(keras.callbacks.Callback):
    """best.keras whenever `monitor` improves; last.safetensors every `every` epochs and at the end.

    last.safetensors holds each model and optimizer variable under its path, and the number of
    finished epochs in its header.
    """

    def __init__(
        self,
        folder: str,
        monitor: str = "val_loss",
        every: Annotated[int, Field(ge=1, description="epochs")] = 1,
    ):
        super().__init__()
        self.monitor, self.every = monitor, every
        self.best, self.best_epoch = math.inf, None
        self._folder = pathlib.Path(folder) / "checkpoints"

    def on_train_begin(self, logs=None):
        self._folder.mkdir(exist_ok=True)

    def on_epoch_end(self, epoch, logs=None):
        if logs[self.monitor] < self.best:
            self.best, self.best_epoch = logs[self.monitor], epoch + 1
            with replacing(self._folder / "best.keras") as temporary:
                self.model.save(temporary)
        if (epoch + 1) % self.every == 0:
            self._save_last(epoch + 1)
        self._epochs = epoch + 1

    def on_train_end(self, logs=None):
        if self._epochs % self.every:
            self._save_last(self._epochs)

    def _save_last(self, epochs: int) -> None:
        variables = [*self.model.variables, *self.model.optimizer.variables]
        state = {f"{i}:{v.path}": np.asarray(v) for i, v in enumerate(variables)}
        header = {"aecli": json.dumps({"format": 1, "epochs_done": epochs})}
        with replacing(self._folder / "last.safetensors") as temporary:
            save_file(state, temporary, header)
