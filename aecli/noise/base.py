"""Noise: a corruption of images inside the graph, a pure function of (x, seed)."""

import dataclasses
from typing import ClassVar

from aecli.component import Component


@dataclasses.dataclass(frozen=True, kw_only=True)
class Noise(Component):
    """x [B, H, W, C] float32 and seed [2] int32 -> corrupted x of the same shape."""

    group: ClassVar[str] = "noise"
    is_noisy: ClassVar[bool] = True

    def __call__(self, x, seed):
        raise NotImplementedError
