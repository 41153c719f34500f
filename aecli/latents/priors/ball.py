"""The wrapped normal prior about the centre of a Poincare ball."""

import dataclasses

import numpy as np

from aecli.latents import ball
from aecli.latents.ball import Curvature
from aecli.latents.priors.base import Prior, PriorLayer
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class Ball(Prior):
    """p(z): z = exp_0(u), u ~ N(0, I) in true lengths (Mathieu 2019)."""

    curvature: Curvature = 1.0

    @property
    def space(self):  # pyright: ignore[reportIncompatibleVariableOverride]  # of its setting
        return ball.space(self.curvature)

    def layer(self, code_shape, data_shape):
        return BallLayer(code_shape, self.curvature, dtype="float32")


class BallLayer(PriorLayer):
    """Codes of so many numbers in the ball of a curvature -c."""

    def __init__(self, code_shape: tuple[int, ...], c: float, **kwargs):
        super().__init__(**kwargs)
        (self.size,), self.c = code_shape, c

    def log_prob(self, z, posterior_at):
        """By the ball's own volume."""
        return ball.wrapped_log_prob(ball.log_map(z, self.c), 0.0, self.c)

    def sample(self, n, seed, posterior_at):
        u = np.random.default_rng(seed).standard_normal((n, self.size), dtype="float32")
        return ball.exp_map(np.zeros_like(u), u, self.c)
