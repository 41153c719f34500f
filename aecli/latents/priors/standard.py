"""The standard normal prior."""

import dataclasses

import keras
from scipy.stats import norm

from aecli.divergences import gaussian_kl_of_units, gaussian_log_prob
from aecli.latents.priors.base import Prior, PriorLayer
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class Standard(Prior):
    """p(z) = N(0, I)."""

    def layer(self, code_shape, data_shape):
        return StandardLayer(code_shape, dtype="float32")


class StandardLayer(PriorLayer):
    """N(0, I) over codes of a shape."""

    has_quantiles = True

    def __init__(self, code_shape: tuple[int, ...], **kwargs):
        super().__init__(**kwargs)
        self.code_shape = tuple(code_shape)

    def log_prob(self, z, posterior_at):
        return gaussian_log_prob(z, 0.0, 0.0)

    def sample(self, n, seed, posterior_at):
        return keras.random.normal((n, *self.code_shape), seed=seed)

    def kl_of_gaussian(self, mean, log_var):
        return gaussian_kl_of_units(mean, log_var)

    def quantiles(self, p):
        return norm.ppf(p)
