"""A mixture of Gaussians that is learnt."""

import dataclasses
import math
from typing import Annotated

import keras
import numpy as np
from keras import ops
from pydantic import Field

from aecli import limits
from aecli.divergences import gaussian_mixture_log_prob
from aecli.latents.priors.base import Prior, PriorLayer
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class Mixture(Prior):
    """p(z) = sum_k w_k N(z; mean_k, diag exp(log_var_k)), all of them learnt."""

    components: Annotated[int, Field(ge=1, le=2**16, description="Gaussians")] = 10
    spread: Annotated[float, Field(ge=0, description="of their means at the start")] = 1.0

    def layer(self, code_shape, data_shape):
        return MixtureLayer(self, code_shape, dtype="float32")


class MixtureLayer(PriorLayer):
    def __init__(self, of: Mixture, code_shape, **kwargs):
        super().__init__(**kwargs)
        shape = (of.components, *code_shape)
        limits.count(2 * math.prod(shape))
        start = keras.initializers.RandomNormal(stddev=of.spread)
        self.mean = self.add_weight(shape, start, name="mean")
        self.log_var = self.add_weight(shape, "zeros", name="log_var")
        self.logits = self.add_weight((of.components,), "zeros", name="logits")
        self.built = True

    def log_prob(self, z, posterior_at):
        weights = ops.log_softmax(self.logits)
        return gaussian_mixture_log_prob(z, self.mean, self.log_var, weights)

    def sample(self, n, seed, posterior_at):
        rng = np.random.default_rng(seed)
        weights = np.asarray(ops.softmax(self.logits), "float64")
        rows = rng.choice(len(weights), size=n, p=weights / weights.sum())
        mean, log_var = (np.asarray(v)[rows] for v in (self.mean, self.log_var))
        return mean + np.exp(0.5 * log_var) * rng.standard_normal(mean.shape, dtype="float32")
