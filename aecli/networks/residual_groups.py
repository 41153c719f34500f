"""The parts of a top-down VAE of residual groups: small convolutional models of one resolution."""

from typing import Any

import keras
from keras import layers

from aecli import limits
from aecli.networks.halving import cropped
from aecli.networks.parted import Parted

SMALL = 0.01  # of the usual variance: what starts as hardly anything


def gaussian(shape: tuple[int, ...], size: int, activation: str, name: str) -> keras.Model:
    """[B, h, w, C] -> [B, h, w, 2 * size] float32, near 0 at first: means and log deviations."""
    inputs = keras.Input(shape)
    h = _conv(_act(inputs, activation), shape[-1], 3)
    start = keras.initializers.VarianceScaling(SMALL, "fan_avg", "uniform")
    out = _conv(_act(h, activation), 2 * size, 3, kernel_initializer=start, dtype="float32")
    return Parted(inputs, out, name=name)


def merged(shape: tuple[int, ...], size: int, activation: str, n: int, name: str):
    """(map h [B, h, w, C], codes z [B, h, w, size]) -> h + (z projected), and a residual block.

    What is added has 1 / sqrt(n) of the usual deviation, n the number of groups: the map of many
    groups is no larger than that of few (Child 2021).
    """
    h, z = keras.Input(shape), keras.Input((*shape[:2], size))
    start = keras.initializers.VarianceScaling(1.0 / n, "fan_avg", "uniform")
    seen = h + _conv(z, shape[-1], 1, kernel_initializer=start)
    inner = _conv(_act(seen, activation), shape[-1], 3)
    added = _conv(_act(inner, activation), shape[-1], 3, kernel_initializer=start)
    return Parted([h, z], seen + added, name=name)


def halving(shape: tuple[int, ...], activation: str, name: str) -> keras.Model:
    """[B, h, w, C] -> [B, h / 2, w / 2, C], odd sizes rounded up."""
    inputs = keras.Input(shape)
    h = _conv(inputs, shape[-1], 3, strides=2)
    return Parted(inputs, h + _conv(_act(h, activation), shape[-1], 3), name=name)


def doubling(shape: tuple[int, ...], size: Any, name: str) -> keras.Model:
    """[B, h, w, C] -> [B, *size, C], of about twice h and w."""
    inputs = keras.Input(shape)
    h = cropped(layers.UpSampling2D(2)(inputs), size)
    return Parted(inputs, _conv(h, shape[-1], 3), name=name)


def _conv(x, filters: int, size: int, **settings: Any):
    limits.count(size**2 * x.shape[-1] * filters)
    return layers.Conv2D(filters, size, padding="same", **settings)(x)


def _act(x, name: str):
    return layers.Activation(name)(x)
