"""A trial of a search reports each epoch, and ends where the others did better."""

from typing import Protocol

import keras

from aecli.errors import BadRequest


class Pruned(Exception):
    """Ends the training: the search has no more use for it."""


class Trial(Protocol):
    """column: of history.csv, what is reported."""

    column: str

    def report(self, epoch: int, value: float) -> None: ...

    def should_stop(self) -> bool: ...


class Pruning(keras.callbacks.Callback):
    """Raises Pruned where another epoch would begin."""

    def __init__(self, trial: Trial, epochs: int):
        super().__init__()
        self._trial, self._epochs, self._reported = trial, epochs, False

    def on_epoch_end(self, epoch, logs=None):
        column = self._trial.column
        if column not in logs:
            raise BadRequest(f"metric={column} is no column of history.csv: {', '.join(logs)}")
        self._trial.report(epoch + 1, logs[column])
        self._reported = True

    def on_epoch_begin(self, epoch, logs=None):
        if self._reported and self._trial.should_stop():
            raise Pruned(f"pruned after epoch {epoch} of {self._epochs}: others did better")
