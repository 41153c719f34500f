"""Patches of images: how large, cut out, put together again, and those that are missing."""

import math

import keras
from keras import ops

from aecli.networks.points import sinusoids
from aecli.serial import register

Sides = tuple[int, int]
ENOUGH, FEW = 7, 3  # patches along a side: as many as there may be of 28 pixels, and at least


def side_for(height: int, width: int) -> int | None:
    """The side of the square patches that images are cut into where none is stated.

    The largest that leaves 7 along each side, else 3; None where none of 2 or more pixels does.
    """
    common = math.gcd(height, width)
    fitting = [side for side in range(2, common + 1) if common % side == 0]
    for least in (ENOUGH, FEW):
        if found := [side for side in fitting if min(height, width) >= least * side]:
            return max(found)
    return None


def patches_of(x, sides: Sides):
    """[B, H, W, C] -> [B, h, w, sides[0] * sides[1] * C], row by row; the sides divide H and W."""
    height, width, channels = x.shape[1:]
    rows, columns = height // sides[0], width // sides[1]
    x = ops.reshape(x, (-1, rows, sides[0], columns, sides[1], channels))
    x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
    return ops.reshape(x, (-1, rows, columns, math.prod(sides) * channels))


def image_of(patches, sides: Sides):
    """[B, h, w, sides[0] * sides[1] * C] -> [B, H, W, C]."""
    rows, columns, size = patches.shape[1:]
    channels = size // math.prod(sides)
    x = ops.reshape(patches, (-1, rows, columns, *sides, channels))
    x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
    return ops.reshape(x, (-1, rows * sides[0], columns * sides[1], channels))


class _OfPatches(keras.layers.Layer):
    """sides: of a patch, in pixels."""

    def __init__(self, sides: Sides, **kwargs):
        super().__init__(**kwargs)
        self.sides = (int(sides[0]), int(sides[1]))

    def get_config(self):
        return super().get_config() | {"sides": list(self.sides)}


@register
class Cut(_OfPatches):
    """x [B, H, W, C] -> its patches [B, h, w, F], with 0s below and to the right of it."""

    def call(self, x):
        lacks = [-size % side for size, side in zip(x.shape[1:3], self.sides, strict=True)]
        x = ops.pad(x, [[0, 0], [0, lacks[0]], [0, lacks[1]], [0, 0]])
        return patches_of(x, self.sides)

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        grid = (-(-height // self.sides[0]), -(-width // self.sides[1]))
        return (batch, *grid, math.prod(self.sides) * channels)


@register
class Joined(_OfPatches):
    """Patches [B, h, w, F] -> the image [B, H, W, C] of a size, what is beyond it cut off."""

    def __init__(self, sides: Sides, size: Sides, **kwargs):
        super().__init__(sides, **kwargs)
        self.size = (int(size[0]), int(size[1]))

    def call(self, patches):
        return image_of(patches, self.sides)[:, : self.size[0], : self.size[1]]

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.size, input_shape[-1] // math.prod(self.sides))

    def get_config(self):
        return super().get_config() | {"size": list(self.size)}


@register
class IsWhole(keras.layers.Layer):
    """Patches [B, h, w, F], NaN where one is missing -> [B, h * w], 1 where it is there, else 0."""

    def call(self, patches):
        is_there = ops.logical_not(ops.any(ops.isnan(patches), axis=-1))
        return ops.reshape(ops.cast(is_there, self.compute_dtype), (-1, self._count(patches.shape)))

    def _count(self, shape) -> int:
        return shape[1] * shape[2]

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self._count(input_shape))


@register
class GridPositions(keras.layers.Layer):
    """h [B, h, w, D], or [B, 1, 1, D] of a grid -> h plus sine and cosine of each patch's place.

    Half of the numbers tell the row, the others the column.
    """

    def __init__(self, grid: Sides, **kwargs):
        super().__init__(**kwargs)
        self.grid = (int(grid[0]), int(grid[1]))

    def call(self, h):
        (rows, columns), width = self.grid, h.shape[-1]
        of_rows = ops.convert_to_tensor(sinusoids(rows, width // 2))[:, None]
        of_columns = ops.convert_to_tensor(sinusoids(columns, width - width // 2))[None]
        of_rows = ops.broadcast_to(of_rows, (rows, columns, width // 2))
        of_columns = ops.broadcast_to(of_columns, (rows, columns, width - width // 2))
        return h + ops.cast(ops.concatenate([of_rows, of_columns], axis=-1), h.dtype)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.grid, input_shape[-1])

    def get_config(self):
        return super().get_config() | {"grid": list(self.grid)}


@register
class Kept(keras.layers.Layer):
    """h [B, L, D] and is_there [B, L] -> h, 0 in the place of what is missing."""

    def call(self, h, is_there):
        return h * is_there[..., None]

    def compute_output_shape(self, h_shape, is_there_shape):
        return h_shape
