"""The Laplace prior: most code units near 0, some far away."""

import dataclasses
import math
from typing import Annotated

import keras
import numpy as np
import scipy.stats
from keras import ops
from pydantic import Field

from aecli.divergences import sum_per_example
from aecli.latents.priors.base import Prior, PriorLayer


@keras.saving.register_keras_serializable("own")
@dataclasses.dataclass(frozen=True, kw_only=True)
class Laplace(Prior):
    """p(z) = prod_j exp(-|z_j| / scale) / (2 scale), as Barello 2018 has for sparse codes."""

    scale: Annotated[float, Field(gt=0, description="of each unit")] = 0.5**0.5

    def layer(self, code_shape, data_shape):
        return LaplaceLayer(self.scale, code_shape, dtype="float32")


class LaplaceLayer(PriorLayer):
    has_quantiles = True  # the units are independent and alike

    def __init__(self, scale: float, code_shape, **kwargs):
        super().__init__(**kwargs)
        self.scale, self.code_shape = scale, tuple(code_shape)

    def log_prob(self, z, posterior_at):
        return sum_per_example(-ops.abs(z) / self.scale - math.log(2.0 * self.scale))

    def kl_of_gaussian(self, mean, log_var):
        """-entropy + log(2 scale) + E|z| / scale, E|z| that of a folded normal."""
        stddev = ops.exp(0.5 * log_var)
        far = mean / (math.sqrt(2.0) * stddev)
        size = math.sqrt(2.0 / math.pi) * stddev * ops.exp(-(far**2)) + mean * ops.erf(far)
        entropy = 0.5 * (math.log(2.0 * math.pi * math.e) + log_var)
        return size / self.scale + math.log(2.0 * self.scale) - entropy

    def sample(self, n, seed, posterior_at):
        draws = np.random.default_rng(seed).laplace(scale=self.scale, size=(n, *self.code_shape))
        return draws.astype("float32")

    def quantiles(self, p):
        return scipy.stats.laplace.ppf(p, scale=self.scale)
