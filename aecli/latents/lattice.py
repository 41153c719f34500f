"""A lattice: the vectors whose units each are one of a few evenly spaced values."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from aecli.serial import register


@register
class Lattice(keras.layers.Layer):
    """All vectors whose unit j is one of levels[j] values; it has no weights.

    Of an L above 2 the values are k / (L // 2), k = -(L // 2) .. L - 1 - L // 2 (Mentzer 2023,
    section 3.1), of an L of 2 they are -1 and 1 (Yu 2023, section 3.1). The values' places are the
    digits of a vector's number, the first unit the lowest.
    """

    def __init__(self, levels: list[int], **kwargs: Any):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.levels = list(levels)
        counts = np.array(self.levels)
        self._counts = counts.astype("int32")
        self._scale = np.where(counts > 2, counts // 2, 0.5).astype("float32")  # and the shift
        self._largest = (counts - 1).astype("float32")
        self._places = np.cumprod([1, *self.levels[:-1]]).astype("int32")
        self.built = True

    @property
    def size(self) -> int:
        """How many vectors there are."""
        return math.prod(self.levels)

    def call(self, z):
        """z [B, ..., D] -> the nearest vectors [B, ..., D], and their numbers [B, ...] int32."""
        digits = ops.round(z * self._scale + self._scale)
        digits = ops.cast(ops.clip(digits, 0.0, self._largest), "int32")
        return self._values(digits), ops.sum(digits * self._places, axis=-1)

    def look_up(self, indices):
        """The vectors [B, ..., D] of numbers [B, ...] int32."""
        return self._values(indices[..., None] // self._places % self._counts)

    def table(self):
        """All vectors, [1, K, D]."""
        return self.look_up(ops.arange(self.size, dtype="int32"))[None]

    def _values(self, digits):
        return (ops.cast(digits, "float32") - self._scale) / self._scale

    def get_config(self):
        return super().get_config() | {"levels": list(self.levels)}
