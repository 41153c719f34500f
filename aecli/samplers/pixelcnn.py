"""A PixelCNN: masked convolutions over a grid of choices."""

import dataclasses
from typing import Annotated

from pydantic import Field

from aecli.samplers.grid import GridSampler


@dataclasses.dataclass(frozen=True, kw_only=True)
class PixelCNN(GridSampler):
    """Choices > vectors > a masked convolution of kind A > residual blocks of kind B > logits.

    A choice sees those above it and to its left; A leaves out the place itself, where the choice
    that is to be told stands, and B has it, which from A on knows those before alone (van den Oord
    2016, Pixel recurrent neural networks, section 3.4). A block is 1x1, 3x3 and 1x1, as in the
    Keras example "vq_vae". Each place has a bias of its own.
    """

    width: Annotated[int, Field(ge=4, le=2048, description="channels")] = 64
    blocks: Annotated[int, Field(ge=0, le=50, description="residual blocks")] = 4
    kernel: Annotated[int, Field(ge=3, le=31, description="places, of the first layer")] = 5

    @property
    def about(self):
        return f"a PixelCNN of {self.blocks} block{'s' * (self.blocks != 1)}"

    def network(self, grid, choices):
        width, inner = self.width, self.width // 2
        far = self.kernel // 2
        shapes = {
            "vectors": (choices, width // 4),
            "first": (far + 1, 2 * far + 1, width // 4, width),  # the rows below are masked
            "places": (*grid, width),
        }
        for k in range(self.blocks):
            shapes |= {f"in_{k}": (width, inner), f"in_bias_{k}": (inner,)}
            shapes |= {f"around_{k}": (2, 3, inner, inner), f"around_bias_{k}": (inner,)}
            shapes |= {f"out_{k}": (inner, width), f"out_bias_{k}": (width,)}
        shapes |= {"last": (width, width), "last_bias": (width,)}
        return shapes | {"logits": (width, choices), "logits_bias": (choices,)}

    def logits(self, weights, x):
        from aecli.samplers import grid_networks

        return grid_networks.pixelcnn(weights, x, self.blocks)
