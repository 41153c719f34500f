"""MADE: a network of masked weights, of which an output knows the inputs before its own alone."""

from itertools import pairwise
from typing import Any

import keras
import numpy as np
from keras import ops

from aecli import limits
from aecli.serial import register


def masks(size: int, widths: list[int], heads: int, lowest: int = 1) -> list[np.ndarray]:
    """Each layer's mask, [inputs, outputs] of 0 and 1 (Germain 2015, eq. 12 and 13).

    Input i has degree i, from 1; the units of a hidden layer have degrees spread evenly over
    lowest .. size - 1. A hidden unit sees what has no higher degree, an output what has a lower
    one. The last layer has size * heads outputs, the heads of an input side by side.
    """
    inputs, several = np.arange(1, size + 1), size - lowest
    degrees = [inputs, *(lowest + np.arange(width) * several // width for width in widths)]
    hidden = [before[:, None] <= after for before, after in pairwise(degrees)]
    last = np.repeat(degrees[-1][:, None] < inputs, heads, axis=1)
    return [mask.astype("float32") for mask in (*hidden, last)]


@register
class MADE(keras.layers.Layer):
    """x [B, size] -> [B, size, heads], where output i is a function of x_1 .. x_(i-1) alone.

    context: how many numbers beside x all outputs know; some hidden units then know them alone, as
    the first output does. start, last: the initializers of the kernels, and of the last one.
    """

    def __init__(
        self,
        size: int,
        widths: list[int],
        heads: int = 2,
        context: int = 0,
        activation: str = "relu",
        start: Any = "glorot_uniform",
        last="zeros",
        **rest,
    ):
        super().__init__(**rest)
        self.made_of = {"size": size, "widths": list(widths), "heads": heads, "context": context}
        self.made_of |= {"activation": activation, "start": start, "last": last}
        self.size, self.heads = size, heads
        self.activation = keras.activations.get(activation)
        *hidden, final = masks(size, widths, heads, lowest=0 if context else 1)
        self.of_context = None
        if context:
            shape = (context, (*hidden, final)[0].shape[1])
            limits.count(context * shape[1])
            self.of_context = self.add_weight(shape=shape, initializer=start, name="of_context")
        starts = [start] * len(hidden) + [last]
        self.masked = [self._layer(*one) for one in zip((*hidden, final), starts, strict=True)]
        self.built = True

    def get_config(self):
        return super().get_config() | self.made_of

    def _layer(self, mask: np.ndarray, start) -> tuple:
        """(kernel, mask, bias)"""
        limits.count(mask.size)
        kernel = self.add_weight(shape=mask.shape, initializer=start, name="kernel")
        return kernel, mask, self.add_weight(shape=mask.shape[1:], initializer="zeros", name="bias")

    def call(self, x, context=None):
        for i, (kernel, mask, bias) in enumerate(self.masked):
            x = ops.matmul(self.activation(x) if i else x, kernel * mask) + bias
            if i == 0 and self.of_context is not None:
                x = x + ops.matmul(context, self.of_context)
        return ops.reshape(x, (-1, self.size, self.heads))
