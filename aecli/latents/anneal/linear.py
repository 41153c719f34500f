"""A linear warm-up."""

import dataclasses

from aecli.latents.anneal.base import Anneal, ramp
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class Linear(Anneal):
    """The weight rises from 0 over warmup_epochs (Bowman 2016, Soenderby 2016)."""

    def factor(self, progress, epochs):
        return ramp(progress, epochs)
