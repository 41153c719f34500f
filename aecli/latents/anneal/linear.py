"""A linear warm-up."""

import dataclasses
from typing import ClassVar

from aecli.latents.anneal.base import Anneal, ramp
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class Linear(Anneal):
    """The weight rises from 0 over warmup_epochs (Bowman 2016, Soenderby 2016)."""

    keeps_measure: ClassVar[tuple[str, ...]] = ("_target_",)

    def factor(self, progress, epochs):
        return ramp(progress, epochs)
