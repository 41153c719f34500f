"""The wrapped normal: codes in a Poincare ball, where there is room for trees."""

import dataclasses
import math

from keras import ops

from aecli.latents import ball
from aecli.latents.ball import Curvature
from aecli.latents.posteriors.base import Posterior, PosteriorLayer, flat_size
from aecli.networks.base import Heads
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class WrappedNormal(Posterior):
    """z = exp_mean(u), u ~ N(0, diag exp(log_var)) (Mathieu 2019; Nagano 2019).

    mean: where exp_0 leads from the centre along what the encoder emits, in true lengths, so that
    a curvature near 0 is the Gaussian of the same heads. The decoder is given log_0(z), as the
    paper's "wrapped" one.
    """

    curvature: Curvature = 1.0

    @property
    def space(self):  # pyright: ignore[reportIncompatibleVariableOverride]  # of its setting
        return ball.space(self.curvature)

    @property
    def radius(self):  # pyright: ignore[reportIncompatibleVariableOverride]  # of its setting
        return 1.0 / math.sqrt(self.curvature)

    def heads(self, latent_dim) -> Heads:
        return {"mean": (latent_dim, "linear"), "log_var": (latent_dim, "linear")}

    def layer(self, code_shape):
        return WrappedNormalLayer(code_shape, self.curvature, dtype="float32")


class WrappedNormalLayer(PosteriorLayer):
    """Draws codes in the ball of a curvature -c."""

    def __init__(self, code_shape: tuple[int, ...], c: float, **kwargs):
        super().__init__(**kwargs)
        self.c = c
        flat_size(code_shape, "in a ball")

    def mode(self, heads):
        """The mean: the one code about which it is symmetrical."""
        return ball.exp_map(ops.zeros_like(heads["mean"]), heads["mean"], self.c)

    def draw(self, heads, epsilon, scale=1.0):
        u = ops.exp(0.5 * heads["log_var"]) * scale * epsilon
        log_var = heads["log_var"] + 2.0 * ops.log(scale)
        z = ball.exp_map(self.mode(heads), u, self.c)
        log_prob = ball.wrapped_log_prob(u, log_var, self.c)
        return z, log_prob + ball.drawn_in(heads["mean"], u, self.c)

    def nearest(self, z):
        return ball.inside(z, self.c)

    def seen(self, z):
        return ball.log_map(z, self.c)
