"""The points of a series as layers see them: those that are missing, and where each stands."""

import math

import keras
import numpy as np
from keras import ops

from aecli.serial import register


@register
class Filled(keras.layers.Layer):
    """x [B, ...], NaN where a point is missing -> the same with 0 there."""

    def call(self, x):
        return ops.where(ops.isnan(x), ops.zeros_like(x), x)

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class IsThere(keras.layers.Layer):
    """x [B, 1, T, C], NaN where a point is missing -> [B, T], 1 where it is there, else 0."""

    def call(self, x):
        is_there = ops.logical_not(ops.any(ops.isnan(x), axis=-1))
        return ops.cast(is_there[:, 0], self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[2])


@register
class AtLast(keras.layers.Layer):
    """h [B, T, D] and is_there [B, T] -> h at the last point that is there, [B, D]."""

    def call(self, h, is_there):
        following = ops.concatenate([is_there[:, 1:], ops.zeros_like(is_there[:, :1])], axis=1)
        return ops.einsum("btd,bt->bd", h, is_there * (1 - following))

    def compute_output_shape(self, h_shape, is_there_shape):
        return (h_shape[0], h_shape[2])


@register
class MeanOverPoints(keras.layers.Layer):
    """h [B, T, D] and is_there [B, T] -> the mean over the points that are there, [B, D]."""

    def call(self, h, is_there):
        weights = is_there / ops.maximum(ops.sum(is_there, axis=1, keepdims=True), 1)
        return ops.einsum("btd,bt->bd", h, weights)

    def compute_output_shape(self, h_shape, is_there_shape):
        return (h_shape[0], h_shape[2])


@register
class SinusoidalPositions(keras.layers.Layer):
    """h [B, T, D] -> h plus the sine and cosine of each point's place (Vaswani 2017, sec. 3.5)."""

    def call(self, h):
        return h + ops.convert_to_tensor(sinusoids(h.shape[1], h.shape[2]), h.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape


def sinusoids(points: int, width: int) -> np.ndarray:
    """[T, D]: sin(t / 10000^(2i / D)) in the even columns 2i, the cosine in the odd ones."""
    rates = np.exp(-math.log(10_000.0) * (np.arange(width) // 2 * 2) / width)
    angles = np.arange(points)[:, None] * rates
    return np.where(np.arange(width) % 2 == 0, np.sin(angles), np.cos(angles)).astype("float32")


@register
class LearnedPositions(keras.layers.Layer):
    """x [B, ...] -> a learned vector for each of `points` points, the same for all, [B, T, D]."""

    def __init__(self, points: int, width: int, **kwargs):
        super().__init__(**kwargs)
        self.points, self.width = points, width

    def build(self, input_shape):
        self.table = self.add_weight(
            shape=(self.points, self.width), initializer="random_normal", name="table"
        )

    def call(self, x):
        table = ops.cast(self.table, self.compute_dtype)[None]
        return ops.broadcast_to(table, (ops.shape(x)[0], self.points, self.width))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.points, self.width)

    def get_config(self):
        return super().get_config() | {"points": self.points, "width": self.width}
