"""Augmentation: another image in an image's place, inside the graph, a pure function of a seed."""

import dataclasses
from typing import ClassVar

import tensorflow as tf

from aecli import philox
from aecli.component import Component
from aecli.dataspec import NOUNS, DataSpec
from aecli.errors import BadRequest


@dataclasses.dataclass(frozen=True, kw_only=True)
class Augmentation(Component):
    """x [B, H, W, C] float32 and seed [2] int32 -> x of the same shape, each image for itself.

    Unlike a noise it changes what is to come out as well; of training batches alone.
    moves_pixels: whether a value may come to stand at another pixel.
    """

    group: ClassVar[str] = "augment"
    moves_pixels: ClassVar[bool] = True

    def __call__(self, x, seed):
        raise NotImplementedError

    def check(self, name: str, spec: DataSpec, low: float, high: float) -> None:
        """Raises BadRequest for data from low to high that it makes no sense of."""
        if not spec.is_image:
            raise BadRequest(
                f"augment={name} is for images, and these are {NOUNS[spec.kind]}: leave it out"
            )


def drawn(x, seed, stream: int, low: float, high: float):
    """Draw a number from [low, high) for each image of x [B, H, W, C]: [B]."""
    uniform = philox.uniform([tf.shape(x)[0]], philox.fold_in(seed, stream))
    return low + (high - low) * uniform


def resampled(x, rows, columns):
    """Images x [B, H, W, C] read at rows [B, h] and columns [B, w], in pixels: [B, h, w, C].

    Bilinear between the middles of pixels, 0 .. H - 1; beyond them the edge repeats. At whole
    numbers the values are the pixels' own.
    """
    return _along(_along(x, rows, 1), columns, 2)


def _along(x, at, axis: int):
    last = tf.cast(tf.shape(x)[axis] - 1, at.dtype)
    at = tf.clip_by_value(at, 0.0, last)
    before = tf.floor(at)
    share = tf.expand_dims(tf.expand_dims(at - before, -1), 3 - axis)
    pixels = (before, tf.minimum(before + 1.0, last))
    first, second = (
        tf.gather(x, tf.cast(pixel, tf.int32), axis=axis, batch_dims=1) for pixel in pixels
    )
    return first * (1.0 - share) + second * share
