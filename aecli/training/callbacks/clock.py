"""What depends on the epoch alone: the data order, annealed weights, the time it took."""

import time

import keras


class Clock(keras.callbacks.Callback):
    """Tells the feed each epoch before it starts and ends the training after `steps` steps.

    Must come first: later callbacks read logs["seconds"] and logs["learning_rate"].
    """

    def __init__(self, feed, steps: int):
        super().__init__()
        self._feed, self._steps = feed, steps

    def on_epoch_begin(self, epoch, logs=None):
        self._feed.begin_epoch(epoch)
        self.model.at_progress(epoch)
        self._start = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        if self._feed.steps_after(batch) == self._steps:
            self.model.stop_training = True  # Keras validates and ends the epoch as usual

    def on_epoch_end(self, epoch, logs=None):
        logs["seconds"] = time.perf_counter() - self._start
        logs["learning_rate"] = float(self.model.optimizer.learning_rate)
