"""The focal frequency loss: the spectrum's errors, the largest ones most."""

import dataclasses
import math
from typing import Annotated, ClassVar

import tensorflow as tf
from keras import ops
from pydantic import Field

from aecli.divergences import sum_per_example
from aecli.losses import activation as act
from aecli.losses.base import Loss
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class FocalFrequency(Loss):
    """sum over frequencies of w |F(x) - F(mean)|^2, F the orthonormal two-dimensional spectrum.

    w = |F(x) - F(mean)|^alpha over its largest value in an image's channel, without gradient: from
    0 to 1 (Jiang, Dai, Wu & Loy 2021, sec. 3.2; a sum where they have a mean over frequencies
    and channels). With alpha = 0 it is the squared error (Parseval), in its unit; else it is no
    likelihood, since w depends on the image.
    """

    is_likelihood: ClassVar[bool] = False
    is_of_whole_images: ClassVar[bool] = True
    keeps_measure: ClassVar[tuple[str, ...]] = act.SETTINGS

    alpha: Annotated[float, Field(ge=0, le=10, description="0: all frequencies alike")] = 1.0
    activation: act.Name = "linear"
    negative_slope: act.Slope = 0.3

    def __call__(self, target, params):
        squares = squared_spectrum(target - self.mean(params))
        fixed = ops.stop_gradient(squares)
        largest = ops.max(fixed, axis=(2, 3), keepdims=True)
        share = fixed / ops.where(largest > 0, largest, ops.ones_like(largest))
        return sum_per_example(share ** (0.5 * self.alpha) * squares)

    def mean(self, params):
        return act.activate(params, self.activation, self.negative_slope)


def squared_spectrum(x):
    """|F(x)|^2 of images [B, H, W, C], orthonormal: [B, C, H, W], its sum that of x^2."""
    shape = x.shape
    x = tf.cast(tf.transpose(x, (0, 3, 1, 2)), tf.complex64)
    spectrum = tf.signal.fft2d(x)
    squares = tf.square(tf.math.real(spectrum)) + tf.square(tf.math.imag(spectrum))
    return squares / math.prod(shape[1:3])
