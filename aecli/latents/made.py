"""MADE: a network of masked weights, of which an output knows the inputs before its own alone."""

from itertools import pairwise

import keras
import numpy as np
from keras import ops


def masks(size: int, widths: list[int], heads: int) -> list[np.ndarray]:
    """Each layer's mask, [inputs, outputs] of 0 and 1 (Germain 2015, eq. 12 and 13).

    Input i has degree i, from 1; the units of a hidden layer have degrees spread evenly over
    1 .. size - 1. A hidden unit sees what has no higher degree, an output what has a lower one.
    The last layer has size * heads outputs, the heads of an input side by side.
    """
    inputs = np.arange(1, size + 1)
    degrees = [inputs, *(1 + np.arange(width) * (size - 1) // width for width in widths)]
    hidden = [before[:, None] <= after for before, after in pairwise(degrees)]
    last = np.repeat(degrees[-1][:, None] < inputs, heads, axis=1)
    return [mask.astype("float32") for mask in (*hidden, last)]


class MADE(keras.layers.Layer):
    """x [B, size] -> [B, size, heads], where output i is a function of x_1 .. x_(i-1) alone.

    start: the initializer of the kernels, but for the last, which begins as 0, as the outputs do.
    """

    def __init__(
        self, size: int, widths: list[int], heads: int = 2, start="glorot_uniform", **rest
    ):
        super().__init__(**rest)
        self.size, self.heads = size, heads
        *hidden, last = masks(size, widths, heads)
        self.masked = [self._layer(mask, start) for mask in hidden]
        self.masked.append(self._layer(last, "zeros"))
        self.built = True

    def _layer(self, mask: np.ndarray, start) -> tuple:
        """(kernel, mask, bias)"""
        kernel = self.add_weight(shape=mask.shape, initializer=start, name="kernel")
        return kernel, mask, self.add_weight(shape=mask.shape[1:], initializer="zeros", name="bias")

    def call(self, x):
        for i, (kernel, mask, bias) in enumerate(self.masked):
            x = ops.matmul(ops.relu(x) if i else x, kernel * mask) + bias
        return ops.reshape(x, (-1, self.size, self.heads))
