"""Inverse autoregressive flows: each unit is scaled and moved as those before it say."""

import dataclasses
from typing import Annotated

import keras
import numpy as np
from keras import ops
from pydantic import Field

from aecli import limits
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
        self.steps = [
            MADE(size, of.context, of.widths, descending=k % 2 == 1, dtype="float32")
            for k in range(of.flows)
        ]

    def pushed(self, z, heads):
        total = 0.0
        for step in self.steps:
            m, a = step(z, heads["context"])
            a = a + self.gate_bias
            z = ops.sigmoid(a) * z + ops.sigmoid(-a) * m
            total = total + ops.sum(ops.log_sigmoid(a), axis=-1)
        return z, total


@register
class MADE(keras.layers.Layer):
    """Two numbers a unit of z, which know the units before it alone, and all of the context.

    Germain, Gregor, Murray & Larochelle 2015: weights from a unit to one that may not know it are
    masked. A hidden unit knows the first d units, d in turn from 0 to size - 1.
    """

    def __init__(self, size: int, context: int, widths, descending: bool, **kwargs):
        """descending: whether the last unit is the first of the order."""
        super().__init__(**kwargs)
        self.made_of = {"size": size, "context": context, "widths": list(widths)}
        self.made_of["descending"] = descending
        place = np.arange(size)[::-1] if descending else np.arange(size)  # of each unit
        known = place + 1  # a layer's unit gives away the first so many
        self.masks, self.kernels, self.biases = [], [], []
        for width in widths:
            knows = np.arange(width) % size
            self._add(known[:, None] <= knows[None, :])
            known = knows
        self._add(np.tile(known[:, None] <= place[None, :], 2))
        limits.count(context * self.masks[0].shape[1])
        self.of_context = self.add_weight((context, self.masks[0].shape[1]), "glorot_uniform")
        self.built = True

    def get_config(self):
        return super().get_config() | self.made_of

    def _add(self, mask: np.ndarray) -> None:
        limits.count(mask.size)
        self.masks.append(mask.astype("float32"))
        self.kernels.append(self.add_weight(mask.shape, "glorot_uniform"))
        self.biases.append(self.add_weight((mask.shape[1],), "zeros"))

    def call(self, z, context):
        """z [B, size], context [B, context] -> two of [B, size]."""
        h = z
        for i, mask in enumerate(self.masks):
            h = h @ (self.kernels[i] * mask) + self.biases[i]
            if i == 0:
                h = h + context @ self.of_context
            if i + 1 < len(self.masks):
                h = ops.elu(h)
        return ops.split(h, 2, axis=-1)
