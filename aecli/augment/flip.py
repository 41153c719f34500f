"""Mirror images."""

import dataclasses
from typing import Annotated

import tensorflow as tf
from pydantic import Field

from aecli.augment.base import Augmentation, drawn

Share = Annotated[float, Field(ge=0, le=1, description="probability")]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Flip(Augmentation):
    """Left and right change places with probability horizontal, top and bottom with vertical."""

    horizontal: Share = 0.5
    vertical: Share = 0.0

    def __call__(self, x, seed):
        for stream, (axis, share) in enumerate([(2, self.horizontal), (1, self.vertical)]):
            is_flipped = drawn(x, seed, stream, 0.0, 1.0) < share
            x = tf.where(is_flipped[:, None, None, None], tf.reverse(x, [axis]), x)
        return x
