"""Radial flows, each around one point that the encoder emits."""

import dataclasses
import math
from typing import Annotated

import keras
from keras import ops
from pydantic import Field

from aecli.latents.posteriors.base import Posterior
from aecli.latents.posteriors.flow import FlowLayer
from aecli.latents.posteriors.gaussian import Gaussian

SHIFT = math.log(math.e - 1.0)  # softplus(SHIFT) = 1
LEAST = 1e-4  # of alpha, and of alpha + beta


@keras.saving.register_keras_serializable("own")
@dataclasses.dataclass(frozen=True, kw_only=True)
class Radial(Posterior):
    """z <- z + beta (z - z0) / (alpha + r), r = |z - z0| (Rezende & Mohamed 2015, eq. 14)."""

    flows: Annotated[int, Field(ge=1, le=64)] = 4

    def heads(self, latent_dim):
        """Beside the Gaussian's: z0, [flows * latent_dim], a and b, [flows] each."""
        wide, narrow = ((latent_dim or 1) * self.flows, "linear"), (self.flows, "linear")
        return Gaussian().heads(latent_dim) | {"z0": wide, "a": narrow, "b": narrow}

    def layer(self, code_shape):
        return RadialLayer(code_shape, self.flows, dtype="float32")


class RadialLayer(FlowLayer):
    """The flows of Radial, one after the other."""

    def __init__(self, code_shape, flows: int, **kwargs):
        super().__init__(code_shape, **kwargs)
        self.size, self.flows = code_shape[0], flows

    def pushed(self, z, heads):
        centers, total = ops.reshape(heads["z0"], (-1, self.flows, self.size)), 0.0
        for k in range(self.flows):
            z, log_det = radial(z, centers[:, k], heads["a"][:, k], heads["b"][:, k])
            total = total + log_det
        return z, total


def radial(z, z0, a, b):
    """-> the flow of z [B, D], and its log |det| [B]; z0: [B, D], a, b: [B].

    beta = -alpha + softplus(b) > -alpha, so that it is invertible (appendix A.2); here b is shifted
    by SHIFT, as is a for alpha = softplus(a): a = b is no flow. Both factors of the determinant
    are written as quotients of what is positive.
    """
    alpha, ahead = (LEAST + ops.softplus(v + SHIFT) for v in (a, b))
    away = z - z0
    r = ops.sqrt(ops.sum(ops.square(away), axis=-1) + 1e-12)  # of which 0 has a gradient
    across = (r + ahead) / (r + alpha)  # 1 + beta h
    along = (r * (r + 2.0 * alpha) + alpha * ahead) / ops.square(r + alpha)  # 1 + beta (h + h' r)
    log_det = (z.shape[-1] - 1) * ops.log(across) + ops.log(along)
    return z0 + across[:, None] * away, log_det
