"""Layers of our own against Keras's."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from aecli import build
from aecli.networks.upsampled_conv import UpsampledConv2D


@pytest.mark.parametrize("channels", [2, 16])
@pytest.mark.parametrize("kernel_size", [1, 3, 5, 7])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_upsampled_convolution_is_upsampling_then_convolution(kernel_size, padding, channels):
    x = tf.random.stateless_normal((3, 5, 6, channels), [0, 1])
    fused = UpsampledConv2D(
        channels, kernel_size, padding=padding, bias_initializer="random_normal"
    )
    plain = layers.Conv2D(channels, kernel_size, padding=padding)
    plain.build((None, 10, 12, channels))
    shape = fused(x).shape
    assert shape == fused.compute_output_shape(x.shape)
    plain.set_weights(fused.get_weights())
    values, gradients = [], []
    for call in (fused, lambda x: plain(layers.UpSampling2D(2)(x))):
        layer = fused if call is fused else plain
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = call(x)
            loss = tf.reduce_sum(tf.sin(y))
        values.append(y)
        gradients.append(tape.gradient(loss, [x, *layer.trainable_variables]))
    np.testing.assert_allclose(*values, atol=1e-5)
    for mine, theirs in zip(*gradients, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=2e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("size", "widths"), [((28, 28, 1), (4, 3)), ((7, 9, 2), (4, 3)), ((8, 4, 1), (16, 17))]
)
def test_the_decoder_is_the_stack_that_the_recipe_describes(compose, size, widths):
    """conv, double, crop ... conv: weight by weight the same function as plain Keras layers."""
    config = compose(
        "network=conv", f"network.filters={[*widths]}", "model.flat=false", "model.latent_dim=2"
    )
    model = build.model(config, size)
    height, width, channels = size
    half = (-(-height // 2), -(-width // 2))
    z = keras.Input(model.code_shape)
    h = z
    for filters, (rows, columns) in ((widths[1], half), (widths[0], (height, width))):
        h = layers.UpSampling2D(2)(layers.Conv2D(filters, 3, padding="same", activation="relu")(h))
        h = h[:, :rows, :columns]
    plain = keras.Model(z, layers.Conv2D(channels, 3, padding="same")(h))
    plain.set_weights(model.decoder.get_weights())
    codes = np.random.default_rng(0).normal(size=(5, *model.code_shape)).astype("float32")
    np.testing.assert_allclose(model.decoder(codes), plain(codes), atol=1e-5)


@pytest.mark.parametrize("activation", ["relu", "tanh", "leaky_relu", "gelu"])
def test_the_encoder_is_the_stack_that_the_recipe_describes(compose, activation):
    """conv, activation, pool: values and gradients, wherever the bias is added."""
    config = compose(
        "network=conv", "network.filters=[4,3]", "model.flat=false", "model.latent_dim=null",
        f"network.activation={activation}", "network.bias_initializer=random_normal",
    )  # fmt: skip
    encoder = build.model(config, (7, 9, 2)).encoder
    image = keras.Input((7, 9, 2))
    h = image
    act = layers.LeakyReLU(0.3) if activation == "leaky_relu" else layers.Activation(activation)
    for filters in (4, 3):
        h = act(layers.Conv2D(filters, 3, padding="same")(h))
        h = layers.MaxPooling2D(2, padding="same")(h)
    plain = keras.Model(image, h)
    plain.set_weights(encoder.get_weights())
    x = tf.random.stateless_normal((5, 7, 9, 2), [0, 1])
    values, gradients = [], []
    for model in (encoder, plain):
        with tf.GradientTape() as tape:
            y = model(x)
            y = y["z"] if isinstance(y, dict) else y
            loss = tf.reduce_sum(tf.sin(y))
        values.append(y)
        gradients.append(tape.gradient(loss, model.trainable_variables))
    np.testing.assert_allclose(*values, atol=1e-5)
    for mine, theirs in zip(*gradients, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-4, rtol=1e-4)
