"""The Gaussian likelihood, its variance fixed or learned pixel by pixel."""

import dataclasses
import math
from typing import Annotated, ClassVar

import keras
from keras import ops
from pydantic import Field

from aecli.divergences import gaussian_log_prob
from aecli.losses import activation as act
from aecli.losses.base import Loss
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class Gaussian(Loss):
    """-log N(x; mean, stddev^2), constants included: a true density, so it may be negative.

    With stddev null the decoder emits a log-variance beside each mean, kept at or above
    min_stddev: on images with constant pixels the likelihood is otherwise unbounded.
    """

    keeps_measure: ClassVar[tuple[str, ...]] = act.SETTINGS

    stddev: Annotated[float, Field(gt=0)] | None = None
    min_stddev: Annotated[float, Field(gt=0, description="in units of the data range")] = 0.01
    activation: act.Name = "linear"
    negative_slope: act.Slope = 0.3

    @property
    def params_per_channel(self) -> int:
        return 1 if self.stddev is not None else 2

    def log_prob(self, x, params):
        mean, log_var = self._split(params)
        return gaussian_log_prob(x, mean, log_var)

    def mean(self, params):
        return self._split(params)[0]

    def sample(self, params, seed):
        mean, log_var = self._split(params)
        return mean + ops.exp(0.5 * log_var) * keras.random.normal(ops.shape(mean), seed=seed)

    def _split(self, params):
        if self.stddev is not None:
            log_var = ops.convert_to_tensor(2.0 * math.log(self.stddev), params.dtype)
            return act.activate(params, self.activation, self.negative_slope), log_var
        mean, log_var = ops.split(params, 2, axis=-1)
        floor = 2.0 * math.log(self.min_stddev)  # soft, so that gradients pass on both sides
        log_var = floor + ops.softplus(log_var - floor)
        return act.activate(mean, self.activation, self.negative_slope), log_var
