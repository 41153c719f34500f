"""Inverse autoregressive flows: each unit is scaled and moved as those before it say."""

import dataclasses
from typing import Annotated

from keras import ops
from pydantic import Field

from aecli.latents.made import MADE
from aecli.latents.posteriors.base import Posterior
from aecli.latents.posteriors.flow import FlowLayer
from aecli.latents.posteriors.gaussian import Gaussian
from aecli.networks.base import Width, Widths
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class IAF(Posterior):
    """z <- s z + (1 - s) m, several times; m and s of a unit know the units before it.

    s = sigmoid(. + gate_bias), and log q loses the sum of log s (Kingma 2016, algorithm 1, eq. 14).
    A gate_bias of infinity would be no flow.
    """

    flows: Annotated[int, Field(ge=1, le=64)] = 2
    widths: Widths = dataclasses.field(default_factory=lambda: [128])
    context: Width = 64
    gate_bias: Annotated[float, Field(description="before the sigmoid")] = 2.0

    def heads(self, latent_dim):
        return Gaussian().heads(latent_dim) | {"context": (self.context, "linear")}

    def layer(self, code_shape):
        return IAFLayer(self, code_shape, dtype="float32")


class IAFLayer(FlowLayer):
    """The flows of IAF, each in the reverse order of the one before."""

    def __init__(self, of: IAF, code_shape, **kwargs):
        super().__init__(code_shape, **kwargs)
        (size,) = code_shape
        self.gate_bias = of.gate_bias
        shape = {"context": of.context, "activation": "elu", "last": "glorot_uniform"}
        self.steps = [MADE(size, of.widths, **shape, dtype="float32") for _ in range(of.flows)]

    def pushed(self, z, heads):
        total = 0.0
        for k, step in enumerate(self.steps):
            order = slice(None, None, -1 if k % 2 else 1)
            said = step(z[:, order], heads["context"])[:, order]
            m, a = said[..., 0], said[..., 1] + self.gate_bias
            z = ops.sigmoid(a) * z + ops.sigmoid(-a) * m
            total = total + ops.sum(ops.log_sigmoid(a), axis=-1)
        return z, total
