"""Von Mises-Fisher: codes on a sphere, more or less near a direction."""

import dataclasses
from typing import Annotated, ClassVar

from keras import ops
from pydantic import Field

from aecli.errors import BadRequest
from aecli.latents import sphere
from aecli.latents.posteriors.base import Posterior, PosteriorLayer, flat_size
from aecli.networks.base import Heads
from aecli.serial import register

SHORT = 1e-12  # of a squared length, below which a vector has no direction


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class VonMisesFisher(Posterior):
    """q(z|x) ~ exp(k mean'z) on the sphere |z| = 1 of latent_dim numbers (Davidson 2018).

    k = softplus(concentration) + floor, as Davidson's, where it is 1. A code of m numbers has
    m - 1 degrees of freedom: in the paper's words S^(m-1).
    """

    space: ClassVar[str] = sphere.SPACE
    radius: ClassVar[float | None] = 1.0

    floor: Annotated[float, Field(ge=0, description="of the concentration")] = 1.0

    def heads(self, latent_dim) -> Heads:
        return {"mean": (latent_dim, "linear"), "concentration": (1, "linear")}

    def layer(self, code_shape):
        return VonMisesFisherLayer(code_shape, self.floor, dtype="float32")


class VonMisesFisherLayer(PosteriorLayer):
    """z = cos(t) mean + sin(t) v: t by the quantile of a normal, v the direction of the others."""

    def __init__(self, code_shape: tuple[int, ...], floor: float, **kwargs):
        super().__init__(**kwargs)
        self.size, self.floor = flat_size(code_shape, "on a sphere"), floor
        if self.size < 2:
            raise BadRequest("must be at least 2 for codes on a sphere; got 1", "model.latent_dim")

    def concentration(self, heads):
        """k [B]."""
        return ops.softplus(heads["concentration"][:, 0]) + self.floor

    def mode(self, heads):
        return direction(heads["mean"])

    def draw(self, heads, epsilon, scale=1.0):
        """Of the normals epsilon, that along the mean says the angle, the direction of the rest v.

        They are independent of each other, so that all of it takes as many normals as numbers.
        scale: k becomes k / scale^2.
        """
        mean, k = self.mode(heads), self.concentration(heads) / scale**2
        along = ops.sum(epsilon * mean, axis=-1)
        t = sphere.angle(along, k, self.size)
        beside = direction(epsilon - along[:, None] * mean)
        z = ops.cos(t)[:, None] * mean + ops.sin(t)[:, None] * beside
        return z, self._log_density(sphere.gap(t), k)

    def log_prob(self, z, heads):
        gap = 0.5 * ops.sum(ops.square(z - self.mode(heads)), axis=-1)  # 1 - mean'z on the sphere
        return self._log_density(gap, self.concentration(heads))

    def entropy(self, heads):
        k = self.concentration(heads)
        return sphere.log_area(self.size) - sphere.kl_to_uniform(k, self.size)

    def nearest(self, z):
        return direction(z)

    def _log_density(self, gap, k):
        return -k * gap - sphere.log_partition(k, self.size) - sphere.log_area(self.size)


def direction(x):
    """x / |x| of vectors [B, m]."""
    square = ops.sum(ops.square(x), axis=-1, keepdims=True)
    return x * ops.rsqrt(ops.maximum(square, SHORT))
