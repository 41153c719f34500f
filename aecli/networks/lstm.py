"""Long short-term memory, an encoder-decoder over the points of a series."""

import dataclasses
from typing import Any, ClassVar

from keras import layers

from aecli.networks.recurrent import Recurrent
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class LSTM(Recurrent):
    """As Recurrent, its layers Keras's LSTM (Hochreiter and Schmidhuber 1997)."""

    gates: ClassVar[int] = 4
    layer: ClassVar[Any] = layers.LSTM
