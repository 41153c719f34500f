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
FLAT = 1e-6  # of |w|^2: from here down to 0 less and less is mended, and hardly anything is bent
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
    u, one_and_along = mended(u, w)
    determinant = ops.square(h) + (1.0 - ops.square(h)) * one_and_along
    return z + u * h[:, None], ops.log(ops.maximum(determinant, FLOOR))


def mended(u, w):
    """-> u^ [B, D], across w as u, along it so that the flow is invertible; and 1 + w'u^ [B], >= 0.

    Source: Rezende & Mohamed 2015, appendix A.1: w'u^ = m(w'u), where m(a) = -1 + softplus(a).
    Here a is shifted so that m(0) = 0. The flows are the same, but u = 0 is none, as one expects,
    and w = 0 is no pole of u^.
    """
    a, square = _dot(w, u), _dot(w, w)
    one_and_m = ops.softplus(a + SHIFT)
    part = ops.minimum(1.0, square / FLAT)
    mended = u + ((one_and_m - 1.0 - a) / ops.maximum(square, FLAT))[:, None] * w
    return mended, part * one_and_m + (1.0 - part) * (1.0 + a)


def _dot(a, b):
    return ops.sum(a * b, axis=-1)
