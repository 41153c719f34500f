"""Convolutions along time: each stage takes every second point, the decoder doubles them again."""

import dataclasses
import math
from typing import Annotated, Any, ClassVar

import keras
from keras import layers
from pydantic import Field

from aecli import limits, typed
from aecli.errors import BadRequest
from aecli.networks.base import Heads, Network, Widths
from aecli.networks.halving import Filters
from aecli.networks.points import Filled
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class Conv1D(Network):
    """Encoder: strided convolutions. Decoder: (doubling, convolution) a stage, cropped to fit.

    A grid code has the shape [1, t, latent_dim], t points of the last stage. Points that a series
    lacks are 0.
    """

    jit_on_cpu: ClassVar[bool] = False  # XLA's convolutions are half as fast there
    is_of_series: ClassVar[bool] = True

    filters: Filters = dataclasses.field(default_factory=lambda: [32, 64])
    kernel_size: Annotated[int, Field(gt=0, le=1023, description="points")] = 5
    widths: Widths = dataclasses.field(default_factory=list)

    def encoder(self, data_shape: tuple, heads: Heads, flat: bool) -> keras.Model:
        self._lengths(data_shape)
        inputs = keras.Input(data_shape, name="image")
        h = Filled()(inputs)
        for filters in self.filters:
            h = self._act(self._conv(h, filters, self.kernel_size, strides=(1, 2)))
        return self._ending_in(heads, inputs, h, flat, self.widths)

    def decoder(self, code_shape: tuple, out_shape: tuple) -> keras.Model:
        lengths = self._lengths(out_shape)
        inputs = keras.Input(code_shape, name="code")
        h = inputs
        if len(code_shape) == 1:
            for width in reversed(self.widths):
                h = self._act(self._dense(h, width))
            h = self._act(self._dense(h, lengths[-1] * self.filters[-1]))
            h = layers.Reshape((1, lengths[-1], self.filters[-1]))(h)
        for filters, length in zip(self.filters[::-1], lengths[-2::-1], strict=True):
            h = layers.UpSampling2D((1, 2))(h)
            h = layers.Cropping2D(((0, 0), (0, h.shape[2] - length)))(h)
            h = self._act(self._conv(h, filters, self.kernel_size))
        h = self._conv(h, out_shape[-1], self.kernel_size, name="params", dtype="float32")
        return self._model(inputs, h, "decoder")

    def _lengths(self, shape: tuple) -> list[int]:
        """Points before the first stage and after each. Raises BadRequest."""
        lengths = [self.check_series(shape)[0]]
        for stage in range(len(self.filters)):
            if lengths[-1] < 2:
                fewer = typed.setting("network.filters", self.filters[:stage])
                raise BadRequest(
                    f"network.filters has {len(self.filters)} stages and each halves the series: "
                    f"{shape[1]} points are down to 1 after {stage}\n"
                    f"{f'use at most {stage}: {fewer}' if stage else 'such data take network=mlp'}"
                )
            lengths.append(math.ceil(lengths[-1] / 2))
        return lengths

    def _conv(self, x, filters: int, size: int, **kwargs):
        limits.count(size * x.shape[-1] * filters)
        settings: dict[str, Any] = {"padding": "same"} | self._initializers() | kwargs
        return layers.Conv2D(filters, (1, size), **settings)(x)
