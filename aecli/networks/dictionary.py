"""A dictionary: what decodes is one matrix, a direction of length 1 for each unit of the code."""

import dataclasses
import math

import keras
from keras import layers

from aecli.networks.mlp import MLP
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class Dictionary(MLP):
    """pixels > widths > code > pixels: params = W z + b, each unit's row of W of length 1.

    The rows are brought back to that length after each step (Bricken et al. 2023, appendix; Gao et
    al. 2024, appendix A): else a penalty on the code could be had for nothing, by longer rows.
    """

    def decoder(self, code_shape: tuple, out_shape: tuple) -> keras.Model:
        inputs = keras.Input(code_shape, name="code")
        one = keras.constraints.UnitNorm(axis=1)
        h = self._dense(
            inputs, math.prod(out_shape), name="params", dtype="float32", kernel_constraint=one
        )
        made = keras.Model(inputs, layers.Reshape(out_shape, dtype="float32")(h), name="decoder")
        kernel = made.get_layer("params").kernel
        kernel.assign(one(kernel))
        return made
