"""What a model remembers of its training, so that evaluation need not look at a batch."""

from typing import Any

import keras
from keras import ops

LEAST_RATE = 0.01  # of a running mean: of about the last 100 batches


class RunningMean(keras.layers.Layer):
    """The mean of a statistic of each batch over the last batches of the training.

    start: what it is before the first.
    """

    def __init__(self, start: Any):
        super().__init__(dtype="float32")
        start = ops.convert_to_tensor(start, "float32")
        self.value = self.add_weight(
            name="value", shape=start.shape, trainable=False,
            initializer=lambda shape, dtype: ops.cast(start, dtype),
        )  # fmt: skip
        self.steps = self.add_weight(name="steps", shape=(), initializer="zeros", trainable=False)
        self.built = True

    def follow(self, statistic) -> None:
        """Take in that of another batch; the first takes the place of the start."""
        rate = ops.maximum(LEAST_RATE, 1.0 / (self.steps + 1.0))
        self.value.assign_add(rate * (ops.stop_gradient(statistic) - self.value))
        self.steps.assign_add(1.0)


class RecentRows(keras.layers.Layer):
    """The last `count` rows [*shape] of the training's batches, the newest first.

    The first `filled` of `rows` are; what is behind them was never set.
    """

    def __init__(self, count: int, shape: tuple[int, ...]):
        super().__init__(dtype="float32")
        self.count = count
        self.rows = self.add_weight(
            name="rows", shape=(count, *shape), initializer="zeros", trainable=False
        )
        self.filled = self.add_weight(name="filled", shape=(), initializer="zeros", trainable=False)
        self.built = True

    def follow(self, rows) -> None:
        """Take in those [B, *shape] of another batch, all that replicas share."""
        rows = ops.stop_gradient(rows)
        size = ops.cast(ops.shape(rows)[0], "float32")
        self.rows.assign(ops.concatenate([rows, self.rows])[: self.count])
        self.filled.assign(ops.minimum(self.filled + size, float(self.count)))

    @property
    def shares(self):
        """[count]: the share of each row in their mean, 0 of those that were never set."""
        is_filled = ops.cast(ops.arange(self.count), "float32") < self.filled
        return ops.cast(is_filled, "float32") / ops.maximum(self.filled, 1.0)
