"""The VampPrior: a mixture of the posteriors of inputs that are learnt."""

import dataclasses
import math
from typing import Annotated, ClassVar

import keras
import numpy as np
from keras import ops
from pydantic import Field

from aecli import limits
from aecli.divergences import gaussian_mixture_log_prob
from aecli.errors import BadRequest
from aecli.latents.priors.base import Prior, PriorLayer
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class Vamp(Prior):
    """p(z) = 1/K sum_k q(z|u_k), the u_k learnt (Tomczak & Welling 2018, eq. 9)."""

    of_posteriors: ClassVar[bool] = True

    components: Annotated[int, Field(ge=1, le=2**16, description="learnt inputs")] = 100
    low: Annotated[float, Field(description="lowest value of the data")] = 0.0
    high: Annotated[float, Field(description="highest value of the data")] = 1.0

    def layer(self, code_shape, data_shape):
        if self.low >= self.high:
            raise BadRequest(
                f"model.prior.high must be above model.prior.low, {self.low:g}; got {self.high:g}"
            )
        return VampLayer(self, data_shape, dtype="float32")

    def check_range(self, low, high):
        if low < self.low or high > self.high:
            raise BadRequest(
                f"model.prior learns inputs from {self.low:g} to {self.high:g}; the data are in "
                f"[{low:g}, {high:g}]\ntake model.prior.low={math.floor(low)} "
                f"model.prior.high={math.ceil(high)}"
            )


class VampLayer(PriorLayer):
    def __init__(self, of: Vamp, data_shape, **kwargs):
        super().__init__(**kwargs)
        self.low, self.high = of.low, of.high
        shape = (of.components, *data_shape)
        limits.count(math.prod(shape))
        start = keras.initializers.RandomUniform(of.low, of.high)
        self.pseudo_inputs = self.add_weight(shape, start, name="pseudo_inputs")
        self.built = True

    def clipped(self):
        """u [K, *data_shape], in the range of the data."""
        return ops.clip(self.pseudo_inputs, self.low, self.high)

    def log_prob(self, z, posterior_at):
        heads = posterior_at(self.clipped())
        count = self.pseudo_inputs.shape[0]
        even = ops.full((count,), -math.log(count))
        return gaussian_mixture_log_prob(z, heads["mean"], heads["log_var"], even)

    def sample(self, n, seed, posterior_at):
        heads = posterior_at(self.clipped())
        rng = np.random.default_rng(seed)
        rows = rng.integers(self.pseudo_inputs.shape[0], size=n)  # of each code a component
        mean, log_var = (np.asarray(heads[name])[rows] for name in ("mean", "log_var"))
        return mean + np.exp(0.5 * log_var) * rng.standard_normal(mean.shape, dtype="float32")
