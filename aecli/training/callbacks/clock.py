"""What depends on the epoch alone: the data order, annealed weights, the time it took."""

import time

import keras


class Clock(keras.callbacks.Callback):
    """Must come first: later callbacks read logs["seconds"] and logs["learning_rate"]."""

    def __init__(self, feed):
        super().__init__()
        self._feed = feed

    def on_epoch_begin(self, epoch, logs=None):
        self._feed.epoch.assign(epoch)
        self.model.at_progress(epoch)
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        logs["seconds"] = time.perf_counter() - self._start
        logs["learning_rate"] = float(self.model.optimizer.learning_rate)
