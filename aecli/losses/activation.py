"""What may stand between a decoder's last layer and the mean of its likelihood."""

from typing import Annotated, Literal

import keras
from keras import ops
from pydantic import Field

Name = Literal["linear", "sigmoid", "leaky_relu"]
SETTINGS = ("activation", "negative_slope")  # of the decoder: another network, no other measure
Slope = Annotated[float, Field(ge=0, lt=1, description="slope of leaky_relu below 0")]


def activate(params, name: Name, slope: float):
    """The mean image from a decoder's output: [B, H, W, C] -> [B, H, W, C]."""
    if name == "leaky_relu":
        return ops.leaky_relu(params, negative_slope=slope)
    return keras.activations.get(name)(params)
