"""A warm-up along a sigmoid."""

import dataclasses
import math
from typing import Annotated, ClassVar

import keras
from keras import ops
from pydantic import Field

from aecli.latents.anneal.base import Anneal, ramp


@keras.saving.register_keras_serializable("own")
@dataclasses.dataclass(frozen=True, kw_only=True)
class Sigmoid(Anneal):
    """The weight rises along a sigmoid over warmup_epochs (Bowman 2016, section 3.1, figure 2).

    The sigmoid's tails are cut and the rest is stretched: 0 at the start, 1 at the end.
    """

    keeps_measure: ClassVar[tuple[str, ...]] = ("_target_", "steepness")

    steepness: Annotated[float, Field(gt=0, le=80, description="slope, of a warm-up's")] = 10.0

    def factor(self, progress, epochs):
        if progress is None or not epochs:
            return 1.0
        tail = 1.0 / (1.0 + math.exp(0.5 * self.steepness))
        rise = ops.sigmoid(self.steepness * (ramp(progress, epochs) - 0.5))
        return (rise - tail) / (1.0 - 2.0 * tail)
