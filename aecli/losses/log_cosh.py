"""log cosh of the error: squared where it is small, absolute where it is large."""

import dataclasses
import math
from typing import Annotated, ClassVar

import keras
from keras import ops
from pydantic import Field

from aecli.divergences import sum_per_example
from aecli.losses import activation as act
from aecli.losses.base import Loss
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class LogCosh(Loss):
    """sum log cosh((x - mean) / scale) over the pixels; mean = activation(params).

    It is the likelihood of the hyperbolic secant distribution, sech((x - mean) / scale) / (pi
    scale), without its constant: nats an example (Johnson, Kotz & Balakrishnan 1995, sec. 23.11).
    """

    keeps_measure: ClassVar[tuple[str, ...]] = act.SETTINGS

    scale: Annotated[float, Field(gt=0, description="in units of the data range")] = 0.1
    activation: act.Name = "linear"
    negative_slope: act.Slope = 0.3

    def __call__(self, target, params):
        return sum_per_example(log_cosh((target - self.mean(params)) / self.scale))

    def log_prob(self, x, params):
        each = log_cosh((x - self.mean(params)) / self.scale) + math.log(math.pi * self.scale)
        return sum_per_example(-each)

    def mean(self, params):
        return act.activate(params, self.activation, self.negative_slope)

    def sample(self, params, seed):
        """By the inverse of the distribution function: log tan(pi u / 2)."""
        u = keras.random.uniform(ops.shape(params), minval=1e-6, maxval=1 - 1e-6, seed=seed)
        return self.mean(params) + self.scale * ops.log(ops.tan(0.5 * math.pi * u))


def log_cosh(x):
    """log cosh x, element by element, without overflow; its gradient is tanh x."""
    size = ops.abs(x)
    return size + ops.softplus(-2.0 * size) - math.log(2.0)
