"""No corruption."""

import dataclasses
from typing import ClassVar

from aecli.noise.base import Noise


@dataclasses.dataclass(frozen=True, kw_only=True)
class NoNoise(Noise):
    """The input is the target."""

    is_noisy: ClassVar[bool] = False

    def __call__(self, x, seed):
        return x
