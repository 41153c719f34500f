"""A KL that is drawn to a capacity, which rises."""

import dataclasses
from typing import Annotated

from pydantic import Field

from aecli.latents.anneal.base import Anneal, ramp
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class Capacity(Anneal):
    """loss = reconstruction + beta * |KL - C|, C from 0 to `final` over warmup_epochs.

    Source: Burgess et al. 2018, eq. 8, with beta as its gamma; KL is the mean over the batch.
    """

    has_target = True

    final: Annotated[float, Field(ge=0, description="nats an example")] = 25.0

    def target(self, progress, epochs):
        return self.final * ramp(progress, epochs)
