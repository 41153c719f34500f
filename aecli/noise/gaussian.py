"""Additive Gaussian noise."""

import dataclasses
from typing import Annotated

import tensorflow as tf
from pydantic import Field

from aecli import philox
from aecli.noise.base import Noise


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gaussian(Noise):
    """x + stddev * e, e from N(0, 1), then clipped to [0, 1] when clip is true."""

    stddev: Annotated[float, Field(ge=0, description="in units of the data range [0, 1]")] = 0.5
    clip: bool = True

    def __call__(self, x, seed):
        e = philox.normal(tf.shape(x), seed)
        x = x + self.stddev * e
        return tf.clip_by_value(x, 0.0, 1.0) if self.clip else x
