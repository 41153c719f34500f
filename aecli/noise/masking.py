"""Masking noise: a share of the pixels is set to 0."""

import dataclasses
from typing import Annotated

import tensorflow as tf
from pydantic import Field

from aecli import philox
from aecli.noise.base import Noise


@dataclasses.dataclass(frozen=True, kw_only=True)
class Masking(Noise):
    """Each pixel (all its channels) is 0 with probability rate. Source: Vincent 2010, sec. 3.3."""

    rate: Annotated[float, Field(ge=0, le=1, description="probability that a pixel is 0")] = 0.25

    def __call__(self, x, seed):
        pixels = tf.concat([tf.shape(x)[:-1], [1]], axis=0)
        keep = philox.uniform(pixels, seed) >= self.rate
        return x * tf.cast(keep, x.dtype)
