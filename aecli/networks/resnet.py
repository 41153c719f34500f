"""A residual network: stages that halve the image, each with blocks that add to what they see."""

import dataclasses
import math
from typing import Annotated, Any, ClassVar, Literal

import keras
from keras import layers
from pydantic import Field

from aecli import limits
from aecli.errors import BadRequest
from aecli.networks.base import Activation, Heads, Network, Widths
from aecli.networks.halving import Filters, cropped, halved
from aecli.networks.upsampled_conv import UpsampledConv2D
from aecli.serial import register

Blocks = Annotated[int, Field(gt=0, le=64, description="of a stage")]


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class ResNet(Network):
    """Encoder: (strided convolution, blocks) a stage. Decoder: (blocks, doubling) a stage.

    A block is x + f(x), f twice (normalisation, activation, 3x3 convolution): He 2016b, fig. 1b,
    with group normalisation (Wu & He 2018), which knows no other image of the batch; neither the
    code nor the image is made of normalised maps, whose brightness and contrast are gone. The first
    stage halves the image before its first block, and the decoder's last convolution is computed on
    the halved image (UpsampledConv2D), so nothing wide is ever as large as the image. attention:
    after the blocks of the lowest resolution, each place looks at all (Vaswani 2017), as in the
    autoencoders of latent diffusion (Rombach 2022, app. E.1). Odd sizes as in Conv.
    """

    jit_on_cpu: ClassVar[bool] = False  # XLA's convolutions are half as fast there

    filters: Filters = dataclasses.field(default_factory=lambda: [32, 64, 128])
    blocks: Blocks = 1
    normalization: Literal["group", "none"] = "group"
    group_channels: Annotated[int, Field(gt=0, le=2**14, description="channels, at most")] = 16
    attention: bool = False
    attention_heads: Annotated[int, Field(gt=0, le=64)] = 4
    widths: Widths = dataclasses.field(default_factory=list)
    activation: Activation = "silu"

    def __post_init__(self) -> None:
        super().__post_init__()
        last = self.filters[-1]
        if self.attention and last % self.attention_heads:
            text = f"must divide the last of network.filters, {last}; got {self.attention_heads}"
            raise BadRequest(text, "network.attention_heads")

    def encoder(self, data_shape: tuple, heads: Heads, flat: bool) -> keras.Model:
        halved(data_shape, self.filters)
        inputs = keras.Input(data_shape, name="image")
        h = inputs
        for filters in self.filters:
            h = self._blocks(self._conv(h, filters, 3, strides=2))
        h = self._attend(h)
        return self._ending_in(heads, inputs, h, flat, self.widths)

    def decoder(self, code_shape: tuple, out_shape: tuple) -> keras.Model:
        sizes = halved(out_shape, self.filters)
        inputs = keras.Input(code_shape, name="code")
        h = inputs
        if len(code_shape) == 1:
            for width in reversed(self.widths):
                h = self._act(self._dense(h, width))
            h = self._dense(h, math.prod((*sizes[-1], self.filters[-1])))
            h = layers.Reshape((*sizes[-1], self.filters[-1]))(h)
        else:
            h = self._conv(h, self.filters[-1], 1)
        h = self._attend(h)
        for stage in reversed(range(len(self.filters))):
            h = self._blocks(h)
            if stage:  # the channels first: fewer numbers are doubled
                h = layers.UpSampling2D(2)(self._conv(h, self.filters[stage - 1], 1))
                h = cropped(h, sizes[stage])
        h = self._act(h)
        limits.count(9 * self.filters[0] * out_shape[-1])
        settings: dict[str, Any] = {"name": "params", "dtype": "float32"} | self._initializers()
        h = cropped(UpsampledConv2D(out_shape[-1], 3, **settings)(h), sizes[0])
        return self._model(inputs, h, "decoder")

    def _blocks(self, h):
        bias = self.normalization == "none"  # else the normalisation has one
        for _ in range(self.blocks):
            inner = self._conv(self._act(self._norm(h)), h.shape[-1], 3, use_bias=bias)
            h = h + self._conv(self._act(self._norm(inner)), h.shape[-1], 3)
        return h

    def _norm(self, h):
        """Over groups of equally many channels each."""
        if self.normalization == "none":
            return h
        channels = h.shape[-1]
        together = math.gcd(channels, self.group_channels)
        return layers.GroupNormalization(channels // together, epsilon=1e-5)(h)

    def _attend(self, h):
        if not self.attention:
            return h
        height, width, channels = h.shape[1:]
        limits.count(4 * channels**2)
        attention = layers.MultiHeadAttention(  # of a bias of the keys, nothing comes out
            self.attention_heads, channels // self.attention_heads, use_bias=False,
            **self._initializers(),
        )  # fmt: skip
        places = layers.Reshape((height * width, channels))(self._norm(h))
        return h + layers.Reshape((height, width, channels))(attention(places, places))

    def _conv(self, x, filters: int, size: int, **kwargs):
        limits.count(size**2 * x.shape[-1] * filters)
        settings: dict[str, Any] = {"padding": "same"} | self._initializers() | kwargs
        return layers.Conv2D(filters, size, **settings)(x)
