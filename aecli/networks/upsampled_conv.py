"""A convolution of a doubled image, computed on the small one."""

import functools
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aecli.serial import initializer, register, revive

MANY = 16  # channels: what oneDNN takes at once


@register
class UpsampledConv2D(keras.layers.Layer):
    """Conv2D(filters, kernel_size)(UpSampling2D(2)(x)): [B, h, w, C] -> [B, 2h, 2w, filters].

    Each of the four pixels that an input pixel becomes sees sums of the kernel's taps, so four
    small kernels on the small image give the same numbers (Shi 2016, sub-pixel convolution) and
    the doubled image is never written. Of many channels, the four are one transposed convolution
    of stride 2, whose kernel is the flipped one summed over 2 x 2 taps: it multiplies no zeros.
    kernel [k, k, C, filters], k odd, is Conv2D's own.
    padding valid gives [B, 2h - k + 1, 2w - k + 1, filters].
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        padding: str = "same",
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.padding = filters, kernel_size, padding
        self.kernel_initializer = initializer(revive(kernel_initializer))
        self.bias_initializer = initializer(revive(bias_initializer))

    def build(self, input_shape):
        k = self.kernel_size
        shape = (k, k, input_shape[-1], self.filters)
        self.kernel = self.add_weight(
            shape=shape, initializer=self.kernel_initializer, name="kernel"
        )
        shape = (self.filters,)
        self.bias = self.add_weight(shape=shape, initializer=self.bias_initializer, name="bias")

    def call(self, x):
        y = upsampled_conv(x, tf.cast(self.kernel, x.dtype))
        y = tf.nn.bias_add(y, tf.cast(self.bias, x.dtype))
        edge = self.kernel_size // 2 if self.padding == "valid" else 0
        size: Any = y.shape  # known: a network is built for images of one size
        return y[:, edge : size[1] - edge, edge : size[2] - edge]

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape
        lost = self.kernel_size - 1 if self.padding == "valid" else 0
        return (batch, 2 * height - lost, 2 * width - lost, self.filters)

    def get_config(self):
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "padding": self.padding,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
        }


@functools.partial(register, name="DoubledConv2D")
class Conv2D(keras.layers.Conv2D):
    """Conv2D(filters, kernel_size, padding="same")(UpSampling2D(2)(x)), for layers inside.

    Files of runs find a layer's weights by the name of its class, and theirs may have those of
    Keras's Conv2D.
    """

    def call(self, inputs):
        bias: Any = self.bias  # there is one
        return tf.nn.bias_add(upsampled_conv(inputs, self.kernel), bias)

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape
        return (batch, 2 * height, 2 * width, self.filters)


def upsampled_conv(x, kernel):
    """The convolution, padding same, of the doubled x: [B, h, w, C] -> [B, 2h, 2w, F].

    kernel: [k, k, C, F], k odd.
    """
    k, _, channels, filters = kernel.shape
    if min(channels, filters) >= MANY:
        flipped = tf.reverse(kernel, [0, 1])
        sides = [((a, 1 - a), (b, 1 - b), (0, 0), (0, 0)) for a in (0, 1) for b in (0, 1)]
        summed = functools.reduce(tf.add, [tf.pad(flipped, side) for side in sides])
        shape = tf.stack([tf.shape(x)[0], 2 * x.shape[1], 2 * x.shape[2], filters])
        return tf.nn.conv2d_transpose(x, tf.transpose(summed, (0, 1, 3, 2)), shape, 2)
    taps = tf.constant(phase_taps(k), x.dtype)
    kernel = tf.einsum("aot,bpu,tuif->opiabf", taps, taps, kernel)
    kernel = tf.reshape(kernel, (*kernel.shape[:3], 4 * filters))
    return tf.nn.depth_to_space(tf.nn.conv2d(x, kernel, 1, "SAME"), 2)


def phase_taps(k: int) -> np.ndarray:
    """[2, n, k]: 1 where tap t of a kernel falls on small pixel o, for an even or odd pixel."""
    reach = k // 2
    low, high = -reach // 2, (1 + reach) // 2
    taps = np.zeros((2, high - low + 1, k), np.float32)
    for phase in (0, 1):
        for tap in range(k):
            taps[phase, (phase + tap - reach) // 2 - low, tap] = 1
    return taps
