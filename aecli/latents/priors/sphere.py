"""The uniform prior on a sphere."""

import dataclasses
from typing import ClassVar

import numpy as np
from keras import ops

from aecli.latents import sphere
from aecli.latents.priors.base import Prior, PriorLayer
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class Sphere(Prior):
    """p(z) = 1 / area of the sphere |z| = 1 (Davidson 2018)."""

    space: ClassVar[str] = sphere.SPACE

    def layer(self, code_shape, data_shape):
        return SphereLayer(code_shape, dtype="float32")


class SphereLayer(PriorLayer):
    """Uniform over the directions of so many numbers."""

    is_uniform = True

    def __init__(self, code_shape: tuple[int, ...], **kwargs):
        super().__init__(**kwargs)
        (self.size,) = code_shape

    def log_prob(self, z, posterior_at):
        return ops.zeros_like(z[:, 0]) - sphere.log_area(self.size)

    def sample(self, n, seed, posterior_at):
        """Directions of standard normals."""
        drawn = np.random.default_rng(seed).standard_normal((n, self.size))
        return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype("float32")
