"""FSQ: each unit of the code is rounded to one of a few values; there is nothing to learn."""

import math
from typing import Annotated, ClassVar

import numpy as np
from keras import ops
from pydantic import Field

from aecli.errors import BadRequest
from aecli.latents.lattice import Lattice
from aecli.models.quantised import Quantised
from aecli.serial import register

MOST = 2**16  # codes of a cell
EPSILON = 1e-3  # the ends of a unit's range beyond its outer values: these are reached, too


@register
class FSQ(Quantised):
    """loss = reconstruction; the code is what finite scalar quantisation makes of z_e.

    Each unit of z_e is squeezed into the range of its `levels` values, L of them,
    b = tanh(z_e + atanh(o / h)) h - o, h = (L - 1)(1 + eps) / 2, o = 1/2 where L is even, else 0,
    so that z_e = 0 is the middle one, and rounded (Mentzer 2023, section 3.1 and appendix A.1,
    with the atanh that its author confirms; the printed code has tan and 1 - eps). The gradient at
    round(b) passes to b as it is. A code holds round(b) / (L // 2), from -1 to 1; the decoder is
    given that plus 1, so that the middle code is no vector of zeros.

    A cell has prod(levels) codes, and as many numbers as there are levels.
    """

    keeps_measure: ClassVar[tuple[str, ...]] = ("levels",)

    latent_dim: Annotated[None, Field(description="model.levels says it")] = None
    levels: Annotated[
        list[Annotated[int, Field(ge=3, le=MOST, description="values; of 2: take model=lfq")]],
        Field(min_length=1, max_length=16),
    ] = [8, 6, 5]

    def assemble(self):
        self.levels = list(self.levels)
        if math.prod(self.levels) > MOST:
            raise BadRequest(
                f"model.levels={self.levels} are {math.prod(self.levels):,} codes a cell, where at "
                f"most {MOST:,} may be"
            )
        super().assemble()

    @property
    def codebook_size(self):
        return math.prod(self.levels)

    def heads(self):
        return {"z_e": (len(self.levels), "linear")}

    def chooser(self, depth):
        return Lattice(self.levels)

    def decoder_input(self, z, label=None):
        """The code plus 1: at first all are the middle one, and a relu learns nothing of zeros."""
        return z + 1.0

    def bounded(self, z_e):
        counts = np.array(self.levels)
        half = (counts - 1) * (1 + EPSILON) / 2
        offset = np.where(counts % 2 == 0, 0.5, 0.0)
        shift = np.arctanh(offset / half)
        shift, half, offset, scale = np.stack([shift, half, offset, counts // 2]).astype("float32")
        return (ops.tanh(z_e + shift) * half - offset) / scale
