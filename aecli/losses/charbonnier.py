"""Charbonnier's loss: the absolute error, smooth at 0."""

import dataclasses
import functools
import math
from typing import Annotated, ClassVar

import keras
import numpy as np
from keras import ops
from pydantic import Field
from scipy.special import k1

from aecli.divergences import sum_per_example
from aecli.losses import activation as act
from aecli.losses.base import Loss
from aecli.serial import register

QUANTILES = 4096  # that samples are taken from


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class Charbonnier(Loss):
    """sum sqrt((x - mean)^2 + epsilon^2) over the pixels; mean = activation(params).

    Source: Charbonnier et al. 1994; Lai et al. 2017, epsilon 1e-3. It is the likelihood of a
    hyperbolic distribution (Barndorff-Nielsen 1977) without its constant, log(2 epsilon
    K_1(epsilon)) a pixel, which is the Laplace's log 2 as epsilon goes to 0: nats an example.
    """

    keeps_measure: ClassVar[tuple[str, ...]] = act.SETTINGS

    epsilon: Annotated[float, Field(ge=1e-6, le=10, description="in units of the data range")] = (
        1e-3
    )
    activation: act.Name = "linear"
    negative_slope: act.Slope = 0.3

    def __call__(self, target, params):
        return sum_per_example(self._each(target - self.mean(params)))

    def log_prob(self, x, params):
        constant = math.log(2.0 * self.epsilon * k1(self.epsilon))
        return sum_per_example(-self._each(x - self.mean(params)) - constant)

    def mean(self, params):
        return act.activate(params, self.activation, self.negative_slope)

    def sample(self, params, seed):
        """One of QUANTILES equally probable values."""
        table = ops.convert_to_tensor(quantiles(self.epsilon), params.dtype)
        place = keras.random.randint(ops.shape(params), 0, QUANTILES, seed=seed)
        return self.mean(params) + ops.take(table, place)

    def _each(self, error):
        return ops.sqrt(ops.square(error) + self.epsilon**2)


@functools.cache
def quantiles(epsilon: float) -> np.ndarray:
    """The middles of QUANTILES equally probable parts of exp(-sqrt(x^2 + epsilon^2))."""
    t = np.linspace(-1, 1, 40_001) * math.asinh(50.0 / epsilon)  # x = epsilon sinh t
    density = np.exp(-epsilon * np.cosh(t)) * np.cosh(t)
    below = np.cumsum(density) - 0.5 * density
    middles = (np.arange(QUANTILES) + 0.5) / QUANTILES
    return epsilon * np.sinh(np.interp(middles, below / density.sum(), t))
