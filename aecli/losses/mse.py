"""Squared error: a Gaussian likelihood of variance 1/2 without its constant."""

import dataclasses
import math
from typing import ClassVar

import keras
from keras import ops

from aecli.divergences import gaussian_log_prob, sum_per_example
from aecli.losses import activation as act
from aecli.losses.base import Loss
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class MSE(Loss):
    """sum (x - mean)^2 over the pixels; mean = activation(params)."""

    keeps_measure: ClassVar[tuple[str, ...]] = act.SETTINGS

    activation: act.Name = "linear"
    negative_slope: act.Slope = 0.3

    def __call__(self, target, params):
        return sum_per_example(ops.square(target - self.mean(params)))

    def log_prob(self, x, params):
        return gaussian_log_prob(x, self.mean(params), math.log(0.5))

    def mean(self, params):
        return act.activate(params, self.activation, self.negative_slope)

    def sample(self, params, seed):
        noise = keras.random.normal(ops.shape(params), seed=seed)
        return self.mean(params) + math.sqrt(0.5) * noise
