"""Student's t likelihood: heavier tails than the Gaussian's, so that few pixels cost less."""

import dataclasses
import math
from typing import Annotated, ClassVar

import keras
import tensorflow as tf
from keras import ops
from pydantic import Field

from aecli.divergences import sum_per_example
from aecli.losses import activation as act
from aecli.losses.base import Loss
from aecli.serial import register

FEWEST = 2.0  # degrees of freedom of a learned one: above it there is a variance


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class StudentT(Loss):
    """-log t_n((x - mean) / s) + log s, constants included: a density, so it may be negative.

    scale, degrees_of_freedom: where one is null the decoder emits it for each pixel, after the
    mean: s = min_scale + softplus(.), n = 2 + softplus(.). The fewer degrees of freedom n, the
    heavier the tails; as they grow it becomes the Gaussian of standard deviation s.
    """

    keeps_measure: ClassVar[tuple[str, ...]] = act.SETTINGS

    scale: Annotated[float, Field(gt=0, description="in units of the data range")] | None = None
    min_scale: Annotated[float, Field(gt=0, description="in units of the data range")] = 0.01
    degrees_of_freedom: Annotated[float, Field(gt=2)] | None = 5.0
    activation: act.Name = "linear"
    negative_slope: act.Slope = 0.3

    @property
    def params_per_channel(self) -> int:
        return 1 + (self.scale is None) + (self.degrees_of_freedom is None)

    def log_prob(self, x, params):
        mean, scale, n = self._split(params)
        half = 0.5 * (n + 1.0)
        constant = tf.math.lgamma(half) - tf.math.lgamma(0.5 * n) - 0.5 * ops.log(math.pi * n)
        squares = ops.square((x - mean) / scale) / n
        return sum_per_example(constant - ops.log(scale) - half * ops.log1p(squares))

    def mean(self, params):
        return self._split(params)[0]

    def sample(self, params, seed):
        """A normal over the root of an independent chi-square over n."""
        mean, scale, n = self._split(params)
        seeds = keras.random.SeedGenerator(seed) if isinstance(seed, int) else seed
        noise = keras.random.normal(ops.shape(mean), seed=seeds)
        half = 0.5 * n + ops.zeros_like(mean)
        chi = keras.random.gamma(ops.shape(mean), half, seed=seeds)
        return mean + scale * noise * ops.sqrt(half / chi)

    def _split(self, params):
        """-> mean, s and n, as they are of each pixel, or [] where they are stated."""
        parts = ops.split(params, self.params_per_channel, axis=-1)
        mean, rest = act.activate(parts[0], self.activation, self.negative_slope), parts[1:]
        scale, n = (ops.convert_to_tensor(v or 0.0, params.dtype)
                    for v in (self.scale, self.degrees_of_freedom))  # fmt: skip
        if self.scale is None:
            scale, *rest = rest
            scale = self.min_scale + ops.softplus(scale)
        if self.degrees_of_freedom is None:
            n = FEWEST + ops.softplus(rest[0])
        return mean, scale, n
