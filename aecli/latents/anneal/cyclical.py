"""A warm-up that begins anew several times."""

import dataclasses
from typing import Annotated, ClassVar

from keras import ops
from pydantic import Field

from aecli.latents.anneal.base import Anneal
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class Cyclical(Anneal):
    """`periods` times: the weight rises from 0 over `rise` of warmup_epochs, then stays full.

    Source: Fu et al. 2019, eq. 6 to 8, there 4 periods and a rise of 0.5. After the last period the
    weight stays full.
    """

    keeps_measure: ClassVar[tuple[str, ...]] = ("_target_", "periods", "rise")

    periods: Annotated[int, Field(ge=1, description="periods of model.warmup_epochs each")] = 4
    rise: Annotated[float, Field(gt=0, le=1, description="part of a period that rises")] = 0.5

    def factor(self, progress, epochs):
        if progress is None or not epochs:
            return 1.0
        done = progress / epochs  # periods
        within = done - ops.floor(done)
        return ops.where(done < self.periods, ops.minimum(1.0, within / self.rise), 1.0)
