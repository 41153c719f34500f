"""The continuous Bernoulli: the density on [0, 1] that binary cross-entropy is not."""

import dataclasses
import math
from typing import ClassVar

import keras
from keras import ops

from aecli.divergences import sum_per_example
from aecli.losses.base import Loss
from aecli.losses.binary_crossentropy import cross_entropy
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class ContinuousBernoulli(Loss):
    """p(x | l) = C(l) p^x (1 - p)^(1 - x), p = sigmoid(l), x in [0, 1].

    Source: Loaiza-Ganem & Cunningham 2019, eq. 5 to 8. In logits the normaliser is
    C(l) = (l / 2) / tanh(l / 2) * 2 / 1 = l / tanh(l / 2).
    """

    needs_unit_range: ClassVar[bool] = True

    def log_prob(self, x, params):
        return sum_per_example(log_normaliser(params) - cross_entropy(x, params))

    def mean(self, params):
        """1 / (1 - exp(-l)) - 1 / l; by its series 1/2 + l/12 - l^3/720 near l = 0."""
        small = ops.abs(params) < 0.1
        safe = ops.where(small, ops.ones_like(params), params)
        series = 0.5 + params / 12.0 - params**3 / 720.0
        return ops.where(small, series, 1.0 / (1.0 - ops.exp(-safe)) - 1.0 / safe)

    def sample(self, params, seed):
        """By the inverse of the distribution function: log1p(u (e^l - 1)) / l."""
        u = keras.random.uniform(ops.shape(params), seed=seed)
        negative = -ops.abs(params)  # x under l is 1 - x under -l: no overflow on this side
        small = negative > -1e-3
        safe = ops.where(small, -ops.ones_like(params), negative)
        x = ops.where(small, u, ops.log1p(u * ops.expm1(safe)) / safe)
        return ops.where(params > 0, 1.0 - x, x)


def log_normaliser(logits):
    """log(l / tanh(l / 2)); near 0 by its series log 2 + l^2/12 - 7 l^4/1440. Shape as given."""
    small = ops.abs(logits) < 0.1
    safe = ops.where(small, ops.ones_like(logits), logits)
    series = math.log(2.0) + logits**2 / 12.0 - 7.0 * logits**4 / 1440.0
    return ops.where(small, series, ops.log(safe / ops.tanh(0.5 * safe)))
