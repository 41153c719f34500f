"""The model that a plain Keras script would have for a config, of keras.layers alone."""

import math
from typing import Any

import keras
from keras import layers, ops

from aecli.errors import NotApplicable

LOSSES = {"BinaryCrossentropy": "binary_crossentropy", "MSE": "mse"}  # a mean over the pixels
Node = dict[str, Any]


class VAE(keras.Model):
    """As tutorials have it: two networks, a draw between them, the KL as a loss beside."""

    def __init__(self, encoder: keras.Model, decoder: keras.Model):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.seed = keras.random.SeedGenerator(0)

    def call(self, x):
        mean, log_variance = self.encoder(x)
        e = keras.random.normal(ops.shape(mean), seed=self.seed)
        inner = 1 + log_variance - ops.square(mean) - ops.exp(log_variance)
        self.add_loss(ops.mean(-0.5 * ops.sum(inner, -1)))
        return self.decoder(mean + ops.exp(0.5 * log_variance) * e)


def model(config: Node, data_shape: tuple[int, int, int]) -> tuple[keras.Model, Any, tuple]:
    """-> the model, its loss, and the shape of an image for it: of dense layers, a row of pixels.

    Raises NotApplicable for another model, network or loss than those few.
    """
    kinds = [config[key]["_target_"].rpartition(".")[2] for key in ("model", "network", "loss")]
    kind, network, loss = kinds
    if kind not in ("AE", "VAE") or network not in ("MLP", "Conv") or loss not in LOSSES:
        raise NotApplicable(f"no plain script is written of {kind}, {network} and {loss}")
    down, up = (_dense_down, _dense_up) if network == "MLP" else (_conv_down, _conv_up)
    shape = data_shape if network == "Conv" else (math.prod(data_shape),)
    size, flat = config["model"]["latent_dim"], config["model"]["flat"]
    image = keras.Input(shape)
    h = down(config["network"], image)
    if flat:
        h = h if network == "MLP" else _hidden(config["network"], layers.Flatten()(h))
    averaged: Any = keras.losses.get(LOSSES[loss])
    if kind == "VAE":
        encoder = keras.Model(image, [layers.Dense(size)(h), layers.Dense(size)(h)])
        code = keras.Input((size,))
        decoder = keras.Model(code, _pixels(up(config["network"], code, data_shape), config))
        pixels = math.prod(data_shape)
        return VAE(encoder, decoder), lambda y, p: pixels * averaged(y, p), shape
    code = layers.Dense(size)(h) if flat else h
    code = _act(code, config["model"]["code_activation"], config["network"])
    out = _pixels(up(config["network"], code, data_shape), config)
    return keras.Model(image, out), averaged, shape


def _pixels(h, config: Node):
    """What comes out, in the range of the pixels."""
    loss = config["loss"]
    return _act(h, loss.get("activation", "sigmoid"), loss)


def _act(h, name: str, node: Node):
    if name == "leaky_relu":
        return layers.LeakyReLU(negative_slope=node["negative_slope"])(h)
    return h if name == "linear" else layers.Activation(name)(h)


def _hidden(network: Node, h, backwards: bool = False):
    for width in network["widths"][:: -1 if backwards else 1]:
        h = _act(layers.Dense(width)(h), network["activation"], network)
    return h


def _dense_down(network: Node, image):
    return _hidden(network, image)


def _dense_up(network: Node, code, data_shape):
    return layers.Dense(math.prod(data_shape))(_hidden(network, code, backwards=True))


def _conv_down(network: Node, image):
    h, size = image, network["kernel_size"]
    strides = 2 if network["downsampling"] == "stride" else 1
    for filters in network["filters"]:
        h = layers.Conv2D(filters, size, strides=strides, padding="same")(h)
        h = _act(h, network["activation"], network)
        if network["downsampling"] == "max_pool":
            h = layers.MaxPooling2D(2, padding="same")(h)
    return h


def _conv_up(network: Node, code, data_shape):
    filters, size = network["filters"], network["kernel_size"]
    sides = [math.ceil(data_shape[0] / 2**stage) for stage in range(len(filters) + 1)]
    h = code
    if len(code.shape) == 2:
        grid = (sides[-1], sides[-1], filters[-1])
        h = layers.Dense(math.prod(grid))(_hidden(network, code, backwards=True))
        h = layers.Reshape(grid)(_act(h, network["activation"], network))
    widths = network["decoder_filters"] or filters[::-1]
    paddings = network["decoder_padding"] or ["same"] * len(widths)
    for stage, (width, padding) in enumerate(zip(widths, paddings, strict=True)):
        transposed = network["upsampling"] == "transpose"
        kind = layers.Conv2DTranspose if transposed else layers.Conv2D
        h = kind(width, size, strides=2 if transposed else 1, padding=padding)(h)
        h = _act(h, network["activation"], network)
        h = h if transposed else layers.UpSampling2D(2)(h)
        over = h.shape[1] - sides[-2 - stage]
        if over and network["decoder_padding"] is None:
            h = layers.Cropping2D(((0, over), (0, over)))(h)
    return layers.Conv2D(data_shape[-1], size, padding="same")(h)
