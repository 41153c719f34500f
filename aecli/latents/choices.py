"""Choices: codes of several one-hot vectors side by side."""

from typing import Any

import keras
from keras import ops

from aecli.serial import register


@register
class Choices(keras.layers.Layer):
    """The codes of N choices among K, each one-hot, [..., N * K]; it has no weights.

    As a codebook: of numbers N * K wide it takes the largest of each K, and a choice's number is
    its place.
    """

    def __init__(self, count: int, size: int, **kwargs: Any):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.count, self.size = count, size
        self.built = True

    def call(self, z):
        """z [B, ..., N * K] -> one-hot [B, ..., N * K], and the places [B, ..., N] int32."""
        of_each = ops.reshape(z, (-1, *z.shape[1:-1], self.count, self.size))
        indices = ops.cast(ops.argmax(of_each, axis=-1), "int32")
        return self.look_up(indices), indices

    def look_up(self, indices):
        """One-hot [B, ..., N * K] of places [B, ..., N] int32."""
        one_hot = ops.one_hot(indices, self.size, dtype="float32")
        return ops.reshape(one_hot, (-1, *indices.shape[1:-1], self.count * self.size))

    def table(self):
        """What each choice adds to a code, [N, K, N * K]."""
        return ops.reshape(ops.eye(self.count * self.size), (self.count, self.size, -1))

    def get_config(self):
        return super().get_config() | {"count": self.count, "size": self.size}
