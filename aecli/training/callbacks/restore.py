"""Gives the callbacks and the metrics of an epoch back what a saved state says of them."""

from typing import Any

import keras

from aecli.errors import BadRequest
from aecli.training import state as states


class Restore(keras.callbacks.Callback):
    """Sets the other callbacks back when a training begins, and its metrics at that epoch."""

    def __init__(self, state: states.State, callbacks: dict[str, Any]):
        super().__init__()
        self._state, self._callbacks = state, callbacks

    def on_train_begin(self, logs=None):
        for name, values in self._state.callbacks.items():
            try:
                self._callbacks[name].set_state(values)
            except (KeyError, AttributeError):
                raise BadRequest(
                    f"the checkpoint remembers a callback {name} that this run has not, or not so"
                ) from None

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self._state.epoch and self._state.step:
            states.assign(self.model.metrics_variables, self._state.tensors["metrics"])
