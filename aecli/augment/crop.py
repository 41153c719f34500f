"""Parts of images, enlarged to the size of the whole."""

import dataclasses
from typing import Annotated

import tensorflow as tf
from pydantic import Field

from aecli.augment.base import Augmentation, drawn, resampled


@dataclasses.dataclass(frozen=True, kw_only=True)
class Crop(Augmentation):
    """A part of smallest .. 1 of both sides, wherever it fits, enlarged by bilinear interpolation.

    Both sides by the same factor, so that nothing is distorted.
    """

    smallest: Annotated[float, Field(gt=0, le=1, description="share of a side")] = 0.8

    def __call__(self, x, seed):
        share = drawn(x, seed, 0, self.smallest, 1.0)[:, None]
        places = []
        for stream, side in enumerate(x.shape[1:3], start=1):
            start = (1.0 - share) * side * drawn(x, seed, stream, 0.0, 1.0)[:, None]
            middles = tf.range(side, dtype=x.dtype)[None] + 0.5
            places.append(start + share * middles - 0.5)
        return resampled(x, *places)
