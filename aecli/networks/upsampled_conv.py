"""A convolution of a doubled image, computed on the small one."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aecli.serial import initializer, register, revive


@register
class UpsampledConv2D(keras.layers.Layer):
    """Conv2D(filters, kernel_size)(UpSampling2D(2)(x)): [B, h, w, C] -> [B, 2h, 2w, filters].

    Each of the four pixels that an input pixel becomes sees sums of the kernel's taps, so four
    small kernels on the small image give the same numbers (Shi 2016, sub-pixel convolution) and
    the doubled image is never written. kernel [k, k, C, filters], k odd, is Conv2D's own.
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
        taps = tf.constant(phase_taps(self.kernel_size), x.dtype)
        kernel = tf.cast(self.kernel, x.dtype)
        kernel = tf.einsum("aot,bpu,tuif->opiabf", taps, taps, kernel)
        kernel = tf.reshape(kernel, (*kernel.shape[:3], 4 * self.filters))
        y = tf.nn.depth_to_space(tf.nn.conv2d(x, kernel, 1, "SAME"), 2)
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


def phase_taps(k: int) -> np.ndarray:
    """[2, n, k]: 1 where tap t of a kernel falls on small pixel o, for an even or odd pixel."""
    reach = k // 2
    low, high = -reach // 2, (1 + reach) // 2
    taps = np.zeros((2, high - low + 1, k), np.float32)
    for phase in (0, 1):
        for tap in range(k):
            taps[phase, (phase + tap - reach) // 2 - low, tap] = 1
    return taps
