"""Shifted images."""

import dataclasses
from typing import Annotated

import tensorflow as tf
from pydantic import Field

from aecli.augment.base import Augmentation, drawn, resampled


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shift(Augmentation):
    """Moved by whole pixels, -pixels .. pixels, each equally likely, down and to the right.

    What comes in from outside repeats the edge.
    """

    pixels: Annotated[int, Field(ge=0, le=2**12, description="at most, each way")] = 4

    def __call__(self, x, seed):
        reach = (-self.pixels, self.pixels + 1)
        down, right = (tf.floor(drawn(x, seed, stream, *reach))[:, None] for stream in range(2))
        rows, columns = (tf.range(side, dtype=x.dtype)[None] for side in x.shape[1:3])
        return resampled(x, rows - down, columns - right)
