"""A bias a channel, as a layer of its own."""

from typing import Any

import keras
import tensorflow as tf

from aecli.serial import initializer, register, revive


@register
class ChannelBias(keras.layers.Layer):
    """x [B, h, w, C] -> x + bias [C]; for a bias that is cheaper after a pooling than before."""

    def __init__(self, bias_initializer: Any = "zeros", **kwargs: Any):
        super().__init__(**kwargs)
        self.bias_initializer = initializer(revive(bias_initializer))

    def build(self, input_shape):
        shape = (input_shape[-1],)
        self.bias = self.add_weight(shape=shape, initializer=self.bias_initializer, name="bias")

    def call(self, x):
        return tf.nn.bias_add(x, tf.cast(self.bias, x.dtype))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        stored = keras.initializers.serialize(self.bias_initializer)
        return super().get_config() | {"bias_initializer": stored}
