"""The discretized logistic: a likelihood of grey levels, each the bin of a logistic density."""

import dataclasses
from typing import Annotated, ClassVar

import keras
from keras import ops
from pydantic import Field

from aecli.divergences import sum_per_example
from aecli.losses.base import Loss
from aecli.serial import register

Levels = Annotated[int, Field(ge=2, le=2**16, description="grey levels from 0 to 1")]
NARROWEST = 8.6  # scales that a bin is wide at most: PixelCNN++'s bound, e^-7, at 256 levels
WIDEST = 5.0  # the largest log-scale: every level is as probable as another long before


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class DiscretizedLogistic(Loss):
    """p(x | m, s) = F((x + w/2 - m) / s) - F((x - w/2 - m) / s), F the logistic function.

    x is one of `levels` values k w from 0 to 1, w = 1 / (levels - 1); what lies between two counts
    as the nearer. The lowest has all that is below it, the highest all above, so the levels'
    probabilities sum to 1. Source: Kingma 2016 (IAF); Salimans 2017
    (PixelCNN++), eq. 2. The decoder emits a location and a log-scale a channel, in the sources'
    units, where images reach from -1 to 1.
    """

    params_per_channel: ClassVar[int] = 2
    needs_unit_range: ClassVar[bool] = True
    is_of_levels: ClassVar[bool] = True

    levels: Levels = 256

    def log_prob(self, x, params):
        location, log_scale = ops.split(params, 2, axis=-1)
        return sum_per_example(log_prob_of_levels(x, location, log_scale, self.levels))

    def mean(self, params):
        """The mean of the logistic cut to [0, 1], at most half a level from that of the levels."""
        location, log_scale = ops.split(params, 2, axis=-1)
        return cut_mean(location, log_scale, self.levels)

    def sample(self, params, seed):
        location, log_scale = ops.split(params, 2, axis=-1)
        return drawn(location, log_scale, self.levels, seed)


def log_prob_of_levels(x, location, log_scale, levels: int):
    """The log-probability of each level x in [0, 1], in nats; location and log_scale in [-1, 1]'s.

    Shapes as given, broadcast. With a = (x + w/2 - m) / s and b = a - w/s,
    F(a) - F(b) = F(a) (1 - F(b)) (1 - exp(-w/s)), whose logarithm overflows nowhere. The lowest
    level lacks the second and third factor, the highest the first and third.
    """
    centre, scale = _in_units(location, log_scale, levels)
    top = levels - 1.0
    level = ops.round(x * top)  # 0, 1 ... top
    width = 1.0 / (top * scale)  # of a bin, in scales
    above = (level / top - centre) / scale + 0.5 * width
    is_lowest, is_highest = level < 0.5, level > top - 0.5
    inner = ops.logical_not(ops.logical_or(is_lowest, is_highest))
    zero = ops.zeros_like(above)
    below_upper = ops.where(is_highest, zero, -ops.softplus(-above))
    above_lower = ops.where(is_lowest, zero, -ops.softplus(above - width))
    return below_upper + above_lower + ops.where(inner, ops.log(-ops.expm1(-width)) + zero, zero)


def cut_mean(location, log_scale, levels: int):
    """E[min(max(y, 0), 1)] of the logistic y: the integral of P(y > t) over t from 0 to 1.

    s (softplus(m / s) - softplus((m - 1) / s)), written so that nothing large is subtracted.
    """
    centre, scale = _in_units(location, log_scale, levels)
    below, above = (ops.log1p(ops.exp(-ops.abs(centre - end) / scale)) for end in (0.0, 1.0))
    return ops.clip(centre, 0.0, 1.0) + scale * (below - above)


def drawn(location, log_scale, levels: int, seed):
    """Levels drawn: the nearest to a draw from the logistic, cut to [0, 1]. Shapes as given."""
    centre, scale = _in_units(location, log_scale, levels)
    u = keras.random.uniform(ops.shape(centre), minval=1e-7, maxval=1.0, seed=seed)
    y = centre + scale * (ops.log(u) - ops.log1p(-ops.minimum(u, 1.0 - 1e-7)))
    top = levels - 1.0
    return ops.round(ops.clip(y, 0.0, 1.0) * top) / top


def _in_units(location, log_scale, levels: int):
    """-> m and s in units of the data, where images reach from 0 to 1."""
    floor = 1.0 / (NARROWEST * (levels - 1))  # soft, so that gradients pass
    return 0.5 + 0.5 * location, floor + 0.5 * ops.exp(ops.minimum(log_scale, WIDEST))
