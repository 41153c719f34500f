"""A signal ends the training between two steps, with the state saved."""

import keras

from aecli.errors import Interrupted


class Interruption(keras.callbacks.Callback):
    """Raises Interrupted where one of the signals was received, with the state saved."""

    def __init__(self, signals, checkpoint):
        super().__init__()
        self._signals, self._checkpoint = signals, checkpoint

    def on_train_batch_end(self, batch, logs=None):
        self._look()

    def on_epoch_end(self, epoch, logs=None):
        self._look()

    def _look(self) -> None:
        if self._signals.received is None:
            return
        if self._checkpoint is not None:
            self._checkpoint.save()
        raise Interrupted(self._signals.received)
