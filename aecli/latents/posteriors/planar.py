"""Planar flows, each along one direction that the encoder emits."""

import dataclasses
import math
from typing import Annotated

from keras import ops
from pydantic import Field

from aecli.latents.posteriors.base import Posterior
from aecli.latents.posteriors.flow import FlowLayer
from aecli.latents.posteriors.gaussian import Gaussian
from aecli.serial import register

SHIFT = math.log(math.e - 1.0)  # softplus(SHIFT) = 1
LEAST = 1e-12  # of |w|^2, that a w of 0 moves nothing
FLOOR = 1e-30  # of a determinant, which rounding alone makes 0


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class Planar(Posterior):
    """z <- z + u^ tanh(w'z + b), several times (Rezende & Mohamed 2015, eq. 10)."""

    flows: Annotated[int, Field(ge=1, le=64)] = 4

    def heads(self, latent_dim):
        """Beside the Gaussian's: u and w, [flows * latent_dim] each, and b, [flows]."""
        wide = ((latent_dim or 1) * self.flows, "linear")
        return Gaussian().heads(latent_dim) | {"u": wide, "w": wide, "b": (self.flows, "linear")}

    def layer(self, code_shape):
        return PlanarLayer(code_shape, self.flows, dtype="float32")


class PlanarLayer(FlowLayer):
    """The flows of Planar, one after the other."""

    def __init__(self, code_shape, flows: int, **kwargs):
        super().__init__(code_shape, **kwargs)
        self.size, self.flows = code_shape[0], flows

    def pushed(self, z, heads):
        u, w = (ops.reshape(heads[name], (-1, self.flows, self.size)) for name in ("u", "w"))
        total = 0.0
        for k in range(self.flows):
            z, log_det = planar(z, u[:, k], w[:, k], heads["b"][:, k])
            total = total + log_det
        return z, total


def planar(z, u, w, b):
    """-> z + u^ tanh(w'z + b) [B, D], and its log |det| [B]; z, u, w: [B, D], b: [B].

    The determinant is 1 + tanh'(w'z + b) w'u^.
    """
    h = ops.tanh(_dot(w, z) + b)
    bent = ops.square(h) + (1.0 - ops.square(h)) * one_and_m(_dot(w, u))
    return z + invertible(u, w) * h[:, None], ops.log(ops.maximum(bent, FLOOR))


def invertible(u, w):
    """u^ [B, D], which has w'u^ = m(w'u) > -1, and off the direction of w what u has.

    Source: Rezende & Mohamed 2015, appendix A.1. Their m(a) is -1 + softplus(a); here a is shifted
    so that m(0) = 0: the flows are the same, but u = 0 is none, and w = 0 is no pole.
    """
    a = _dot(w, u)
    near = ops.clip(a, -1.0, 1.0)  # m(a) - a without the difference of numbers that are alike
    small = ops.log1p((1.0 - 1.0 / math.e) * ops.expm1(near)) - near
    excess = ops.where(ops.abs(a) < 1.0, small, one_and_m(a) - 1.0 - a)
    return u + (excess / ops.maximum(_dot(w, w), LEAST))[:, None] * w


def one_and_m(a):
    """1 + m(a) = softplus(a + log(e - 1)) > 0."""
    return ops.softplus(a + SHIFT)


def _dot(a, b):
    return ops.sum(a * b, axis=-1)
