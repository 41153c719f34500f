"""A small transformer: points that look at each other, a code of their mean, points made of it."""

import dataclasses
from typing import Annotated, ClassVar

import keras
from keras import layers
from pydantic import Field

from aecli import limits
from aecli.networks.base import Heads
from aecli.networks.blocks import Blocks
from aecli.networks.points import (
    Filled,
    IsThere,
    LearnedPositions,
    MeanOverPoints,
    SinusoidalPositions,
)
from aecli.networks.recurrent import check_flat
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class Transformer(Blocks):
    """Series > blocks of self-attention > mean over the points > code > tokens > each point.

    The decoder begins with a learned vector a point; in each block the points attend to the tokens
    that are made of the code, and then to each other. Points that a series lacks are attended to by
    none.
    """

    jit_on_cpu: ClassVar[bool] = (
        False  # 24 points: 1.8 times as fast, 150: no faster, 20 s to compile
    )
    is_of_series: ClassVar[bool] = True

    tokens: Annotated[int, Field(ge=2, le=1024, description="made of the code")] = 4

    def encoder(self, data_shape: tuple, heads: Heads, flat: bool) -> keras.Model:
        points, channels = self.check_series(data_shape)
        check_flat(self, heads, flat)
        inputs = keras.Input(data_shape, name="image")
        is_there = IsThere()(inputs)
        h = layers.Reshape((points, channels))(Filled()(inputs))
        h = SinusoidalPositions()(self._dense(h, self.width))
        mask = layers.Reshape((1, points))(is_there)
        for _ in range(self.blocks):
            h = self._attend(h, attention_mask=mask)
            h = self._feed_forward(h)
        h = MeanOverPoints()(layers.LayerNormalization()(h), is_there)
        return self._ending_in(heads, inputs, h)

    def decoder(self, code_shape: tuple, out_shape: tuple) -> keras.Model:
        points, _ = self.check_series(out_shape)
        inputs = keras.Input(code_shape, name="code")
        tokens = self._dense(inputs, self.tokens * self.width)
        tokens = layers.Reshape((self.tokens, self.width))(tokens)
        limits.count(points * self.width)
        h = LearnedPositions(points, self.width)(inputs)
        for _ in range(self.blocks):
            h = self._attend(h, tokens)
            h = self._attend(h)
            h = self._feed_forward(h)
        h = layers.LayerNormalization()(h)
        h = self._dense(h, out_shape[-1], name="params", dtype="float32")
        return self._model(inputs, layers.Reshape(out_shape, dtype="float32")(h), "decoder")
