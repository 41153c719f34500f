"""Gated recurrent units, an encoder-decoder over the points of a series."""

import dataclasses
from typing import Any, ClassVar

from keras import layers

from aecli.networks.recurrent import Recurrent
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class GRU(Recurrent):
    """As Recurrent, its layers Keras's GRU (Cho 2014)."""

    gates: ClassVar[int] = 3
    layer: ClassVar[Any] = layers.GRU
