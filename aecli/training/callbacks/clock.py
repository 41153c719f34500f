"""What depends on the place in the training alone: the order of the data, the time."""

import time

import keras
import numpy as np

from aecli.training.remembered import Remembered


class Clock(Remembered, keras.callbacks.Callback):
    """Keeps the place, tells the feed each epoch before it starts, ends after `steps` steps.

    epoch: finished ones; step: steps done of the one under way. The others read logs["seconds"]
    and logs["learning_rate"], which it adds.
    """

    remembered = ("seconds",)

    def __init__(self, feed, steps: int, epoch: int = 0, step: int = 0):
        super().__init__()
        self._feed, self._steps = feed, steps
        self.epoch, self.step = epoch, step
        self.seconds = 0.0  # of the epoch under way

    def on_epoch_begin(self, epoch, logs=None):
        if epoch != self.epoch:
            self.finish_epoch()
        self._feed.begin_epoch(epoch, self.step)
        self._start = time.perf_counter() - self.seconds

    def on_train_batch_end(self, batch, logs=None):
        done = self._feed.steps_after(batch)
        self.step = done - self.epoch * self._feed.steps_per_epoch
        self.seconds = time.perf_counter() - self._start
        if done == self._steps and self.step < self._feed.steps_per_epoch:
            self.model.stop_training = True  # Keras validates and ends the epoch as usual

    def on_epoch_end(self, epoch, logs=None):
        logs["seconds"] = time.perf_counter() - self._start
        logs["learning_rate"] = float(np.array(self.model.optimizer.learning_rate))

    def finish_epoch(self) -> None:
        """The place is the start of the next epoch from here on."""
        self.epoch, self.step, self.seconds = self.epoch + 1, 0, 0.0
