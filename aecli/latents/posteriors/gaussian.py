"""The diagonal Gaussian: a mean and a variance for each code unit."""

import dataclasses
import functools
import math
from typing import ClassVar

from keras import ops

from aecli.divergences import gaussian_log_prob, sum_per_example
from aecli.latents.posteriors.base import Posterior, PosteriorLayer
from aecli.networks.base import Heads
from aecli.serial import register

LOG_2_PI = math.log(2.0 * math.pi)


@functools.partial(register, name="GaussianPosterior")  # the likelihood has the other name
@dataclasses.dataclass(frozen=True, kw_only=True)
class Gaussian(Posterior):
    """q(z|x) = N(mean, diag exp(log_var)) (Kingma & Welling 2014, eq. 9)."""

    has_density: ClassVar[bool] = True

    def heads(self, latent_dim) -> Heads:
        return {"mean": (latent_dim, "linear"), "log_var": (latent_dim, "linear")}

    def layer(self, code_shape):
        return GaussianLayer(dtype="float32")


class GaussianLayer(PosteriorLayer):
    """z = mean + exp(log_var / 2) * scale * epsilon."""

    def mode(self, heads):
        return heads["mean"]

    def draw(self, heads, epsilon, scale=1.0):
        z = heads["mean"] + ops.exp(0.5 * heads["log_var"]) * scale * epsilon
        log_scale = math.log(scale) if scale > 0 else -math.inf
        density = LOG_2_PI + heads["log_var"] + ops.square(epsilon)
        return z, sum_per_example(-0.5 * density - log_scale)

    def log_prob(self, z, heads):
        return gaussian_log_prob(z, heads["mean"], heads["log_var"])

    def gaussian(self, heads):
        return heads["mean"], heads["log_var"]
