"""A multi-layer perceptron, its decoder the encoder in reverse."""

import dataclasses
import math

import keras
from keras import layers

from aecli.errors import BadRequest
from aecli.networks.base import Heads, Network, Widths
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class MLP(Network):
    """pixels > widths > code > reversed widths > pixels, fully connected."""

    widths: Widths = dataclasses.field(default_factory=list)

    def encoder(self, data_shape: tuple, heads: Heads, flat: bool) -> keras.Model:
        if not flat or any(size is None for size, _ in heads.values()):
            raise BadRequest(
                "network=mlp has a flat code: state model.latent_dim and model.flat=true, "
                "or take network=conv for a code with height and width"
            )
        inputs = keras.Input(data_shape, name="image")
        return self._ending_in(heads, inputs, inputs, flat, self.widths)

    def shape_beside(self, data_shape: tuple, size: int) -> tuple[int, int, int]:
        return (1, 1, math.prod(data_shape) + size)

    def decoder(self, code_shape: tuple, out_shape: tuple) -> keras.Model:
        inputs = keras.Input(code_shape, name="code")
        h = inputs
        for width in reversed(self.widths):
            h = self._act(self._dense(h, width))
        h = self._dense(h, math.prod(out_shape), name="params", dtype="float32")
        return keras.Model(inputs, layers.Reshape(out_shape, dtype="float32")(h), name="decoder")
