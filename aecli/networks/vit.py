"""A small vision transformer: patches that look at each other, codes of them, patches of codes."""

import dataclasses
from typing import Annotated, ClassVar

import keras
from keras import layers
from pydantic import Field

from aecli.errors import BadRequest
from aecli.networks.base import Heads
from aecli.networks.blocks import Blocks
from aecli.networks.patches import Cut, GridPositions, IsWhole, Joined, Kept, Sides, side_for
from aecli.networks.points import Filled, MeanOverPoints
from aecli.serial import register

SIDE = 4  # pixels, where no patches of one size cover an image
MOST = 1024  # patches, each of which looks at all


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class ViT(Blocks):
    """Image > patches > blocks of self-attention > code > blocks > patches > image.

    Dosovitskiy 2021, its encoder and decoder as He 2022: fixed sines and cosines of row and column,
    a grid code of a vector a patch. Patches that are missing, of which a pixel is NaN, are attended
    to by none, and their code is that of 0s, of which the decoder's first layer makes one learned
    vector, He's mask token. A flat code is made of the mean of those that are there, and all
    patches are decoded of it and of their places.
    """

    jit_on_cpu: ClassVar[bool] = False  # as network=transformer

    patch_size: Annotated[int, Field(gt=0, le=2**12, description="pixels")] | None = None

    def patch_sides(self, data_shape: tuple) -> Sides:
        height, width = data_shape[:2]
        side = self.patch_size or side_for(height, width) or SIDE
        return min(side, height), min(side, width)

    def encoder(self, data_shape: tuple, heads: Heads, flat: bool) -> keras.Model:
        sides, grid = self._cut(data_shape)
        inputs = keras.Input(data_shape, name="image")
        patches = Cut(sides)(inputs)
        is_there = IsWhole()(patches)
        h = GridPositions(grid)(self._dense(Filled()(patches), self.width))
        h = layers.Reshape((-1, self.width))(h)
        mask = layers.Reshape((1, grid[0] * grid[1]))(is_there)
        for _ in range(self.blocks):
            h = self._attend(h, attention_mask=mask)
            h = self._feed_forward(h)
        h = layers.LayerNormalization()(h)
        if flat:
            return self._ending_in(heads, inputs, MeanOverPoints()(h, is_there))
        h = Kept()(h, is_there)
        return self._ending_in(heads, inputs, layers.Reshape((*grid, self.width))(h), flat)

    def decoder(self, code_shape: tuple, out_shape: tuple) -> keras.Model:
        sides, grid = self._cut(out_shape)
        inputs = keras.Input(code_shape, name="code")
        h = inputs if len(code_shape) > 1 else layers.Reshape((1, 1, *code_shape))(inputs)
        h = GridPositions(grid)(self._dense(h, self.width))
        h = layers.Reshape((-1, self.width))(h)
        for _ in range(self.blocks):
            h = self._feed_forward(self._attend(h))
        h = layers.LayerNormalization()(h)
        size = sides[0] * sides[1] * out_shape[-1]
        h = self._dense(h, size, name="params", dtype="float32")
        h = layers.Reshape((*grid, size), dtype="float32")(h)
        h = Joined(sides, out_shape[:2], dtype="float32")(h)
        return self._model(inputs, h, "decoder")

    def _cut(self, data_shape: tuple) -> tuple[Sides, Sides]:
        """-> the sides of a patch, and how many patches there are, down and across."""
        (high, wide), (height, width) = self.patch_sides(data_shape), data_shape[:2]
        grid = (-(-height // high), -(-width // wide))
        if (count := grid[0] * grid[1]) > MOST:
            raise BadRequest(
                f"an image has {count:,} patches of {high}x{wide} pixels, where at most {MOST:,} "
                f"may look at each other\ntake larger: network.patch_size={2 * max(high, wide)}"
            )
        return (high, wide), grid
