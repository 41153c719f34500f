"""Salt-and-pepper noise: a share of the pixels is set to black or white."""

import dataclasses
from typing import Annotated

import tensorflow as tf
from pydantic import Field

from aecli import philox
from aecli.noise.base import Noise


@dataclasses.dataclass(frozen=True, kw_only=True)
class SaltAndPepper(Noise):
    """Each pixel is 0 with probability rate/2 and 1 with rate/2. Source: Vincent 2010, sec. 3.3."""

    rate: Annotated[float, Field(ge=0, le=1, description="probability of a hit")] = 0.1

    def __call__(self, x, seed):
        pixels = tf.concat([tf.shape(x)[:-1], [1]], axis=0)
        u = philox.uniform(pixels, seed)
        x = tf.where(u < self.rate / 2.0, tf.zeros_like(x), x)
        return tf.where(u >= 1.0 - self.rate / 2.0, tf.ones_like(x), x)
