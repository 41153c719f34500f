"""Absolute error: a Laplace likelihood of scale 1 without its constant."""

import dataclasses
import math
from typing import ClassVar

import keras
from keras import ops

from aecli.divergences import sum_per_example
from aecli.losses import activation as act
from aecli.losses.base import Loss
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class MAE(Loss):
    """sum |x - mean| over the pixels; mean = activation(params)."""

    keeps_measure: ClassVar[tuple[str, ...]] = act.SETTINGS

    activation: act.Name = "linear"
    negative_slope: act.Slope = 0.3

    def __call__(self, target, params):
        return sum_per_example(ops.abs(target - self.mean(params)))

    def log_prob(self, x, params):
        return sum_per_example(-ops.abs(x - self.mean(params)) - math.log(2.0))

    def mean(self, params):
        return act.activate(params, self.activation, self.negative_slope)

    def sample(self, params, seed):
        u = keras.random.uniform(ops.shape(params), minval=-0.5, maxval=0.5, seed=seed)
        spread = -ops.sign(u) * ops.log1p(-2.0 * ops.minimum(ops.abs(u), 0.4999999))
        return self.mean(params) + spread
