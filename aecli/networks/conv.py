"""A convolutional network: each stage halves height and width, the decoder doubles them again."""

import dataclasses
import math
from typing import Annotated, Any, ClassVar, Literal

import keras
from keras import layers
from pydantic import Field

from aecli import limits
from aecli.errors import BadRequest
from aecli.networks.base import Heads, Network, Widths
from aecli.networks.channel_bias import ChannelBias
from aecli.networks.halving import Filters, cropped, halved
from aecli.networks.upsampled_conv import MANY, Conv2D, UpsampledConv2D
from aecli.serial import register

Padding = Literal["same", "valid"]
MONOTONE = ("linear", "relu", "leaky_relu", "elu", "selu", "softplus", "tanh", "sigmoid")
"""Activations that a maximum commutes with: f(max(x) + b) = max(f(x + b))."""


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class Conv(Network):
    """Encoder: (convolution, halving) a stage. Decoder: (convolution, doubling) a stage.

    Odd sizes are rounded up on the way down (28, 14, 7, 4) and cropped on the way back
    (4, 8 > 7, 14, 28). decoder_padding states each decoder convolution's padding instead of the
    cropping; the size must then come out by itself.
    """

    jit_on_cpu: ClassVar[bool] = False  # XLA's convolutions are half as fast there

    filters: Filters = dataclasses.field(default_factory=lambda: [32, 64])
    kernel_size: Annotated[int, Field(gt=0, le=255, description="pixels")] = 3
    downsampling: Literal["max_pool", "average_pool", "stride"] = "max_pool"
    upsampling: Literal["nearest", "transpose"] = "nearest"
    decoder_filters: Filters | None = None
    decoder_padding: list[Padding] | None = None
    widths: Widths = dataclasses.field(default_factory=list)

    def encoder(self, data_shape: tuple, heads: Heads, flat: bool) -> keras.Model:
        halved(data_shape, self.filters)
        inputs = keras.Input(data_shape, name="image")
        h = inputs
        for filters in self.filters:
            h = self._down(h, filters)
        return self._ending_in(heads, inputs, h, flat, self.widths)

    def decoder(self, code_shape: tuple, out_shape: tuple) -> keras.Model:
        sizes = halved(out_shape, self.filters)
        inputs = keras.Input(code_shape, name="code")
        h = inputs
        if len(code_shape) == 1:
            for width in reversed(self.widths):
                h = self._act(self._dense(h, width))
            grid = (*sizes[-1], self.filters[-1])
            h = self._act(self._dense(h, math.prod(grid)))
            h = layers.Reshape(grid)(h)
        filters = self.decoder_filters or self.filters[::-1]
        paddings: list[Padding] = self.decoder_padding or ["same"] * len(filters)
        if not len(filters) == len(paddings) == len(self.filters):
            raise BadRequest(
                f"network.decoder_filters and decoder_padding need one entry a stage "
                f"({len(self.filters)}); got {len(filters)} and {len(paddings)}"
            )
        doubled = False  # whether the next convolution takes h as the doubled one
        for stage, (width, padding) in enumerate(zip(filters, paddings, strict=True)):
            size = sizes[-2 - stage] if self.decoder_padding is None else None
            if self.upsampling == "transpose":
                h = cropped(self._act(self._transposed(h, width, padding)), size)
                continue
            h = self._act(self._conv(h, width, Conv2D if doubled else None, padding=padding))
            doubled = size in (None, (2 * h.shape[1], 2 * h.shape[2])) and self.kernel_size % 2 == 1
            if stage < len(filters) - 1:  # inside, of many channels alone
                fewest = min(width, filters[stage + 1])
                doubled = doubled and fewest >= MANY and paddings[stage + 1] == "same"
            if not doubled:
                h = cropped(layers.UpSampling2D(2)(h), size)
        last = UpsampledConv2D if doubled else None
        h = self._conv(h, out_shape[-1], last, name="params", dtype="float32")
        if tuple(h.shape[1:3]) != tuple(out_shape[:2]):
            raise BadRequest(
                f"network.decoder_padding={list(paddings)} gives {h.shape[1]}x{h.shape[2]} images; "
                f"the data has {out_shape[0]}x{out_shape[1]}\n"
                "take network.decoder_padding=null: then each stage is cropped to fit"
            )
        return self._model(inputs, h, "decoder")

    def _conv(self, x, filters: int, kind: type | None = None, **kwargs):
        settings: dict[str, Any] = {"padding": "same"} | self._initializers() | kwargs
        limits.count(self.kernel_size**2 * x.shape[-1] * filters)
        return (kind or layers.Conv2D)(filters, self.kernel_size, **settings)(x)

    def _down(self, x, filters: int):
        if self.downsampling == "stride":
            return self._act(self._conv(x, filters, strides=2))
        if self.downsampling == "max_pool" and self.activation in MONOTONE:  # a quarter the work
            x = layers.MaxPooling2D(2, padding="same")(self._conv(x, filters, use_bias=False))
            return self._act(ChannelBias(self._initializers()["bias_initializer"])(x))
        x = self._act(self._conv(x, filters))
        pool = layers.MaxPooling2D if self.downsampling == "max_pool" else layers.AveragePooling2D
        return pool(2, padding="same")(x)

    def _transposed(self, x, filters: int, padding: Padding):
        kwargs = {"strides": 2, "padding": padding} | self._initializers()
        limits.count(self.kernel_size**2 * x.shape[-1] * filters)
        return layers.Conv2DTranspose(filters, self.kernel_size, **kwargs)(x)
