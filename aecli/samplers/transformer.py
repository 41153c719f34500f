"""A small transformer: each choice attends to those before it."""

import dataclasses
from typing import Annotated

from pydantic import Field

from aecli.errors import BadRequest
from aecli.samplers.grid import GridSampler


@dataclasses.dataclass(frozen=True, kw_only=True)
class Transformer(GridSampler):
    """Choices, moved on by one, > vectors and places > blocks of causal self-attention > logits.

    Vaswani 2017, with the normalisation before each part (Xiong 2020) and no dropout; the first
    place sees none, and has a vector of its own.
    """

    width: Annotated[int, Field(ge=4, le=2048, description="numbers a choice")] = 64
    blocks: Annotated[int, Field(ge=1, le=50)] = 2
    heads: Annotated[int, Field(ge=1, le=64, description="of an attention")] = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width % self.heads:
            text = f"must divide sampler.width={self.width}; got {self.heads}"
            raise BadRequest(text, "sampler.heads")

    @property
    def about(self):
        return f"a transformer of {self.blocks} block{'s' * (self.blocks != 1)}"

    def network(self, grid, choices):
        width = self.width
        shapes = {"vectors": (choices, width), "places": (grid[0] * grid[1], width)}
        for k in range(self.blocks):
            shapes |= {f"attention_scale_{k}": (width,), f"attention_bias_{k}": (width,)}
            shapes |= {f"seen_{k}": (width, 3 * width), f"said_{k}": (width, width)}
            shapes |= {f"wide_scale_{k}": (width,), f"wide_bias_{k}": (width,)}
            shapes |= {f"wide_{k}": (width, 4 * width), f"wider_bias_{k}": (4 * width,)}
            shapes |= {f"narrow_{k}": (4 * width, width), f"narrow_bias_{k}": (width,)}
        shapes |= {"last_scale": (width,), "last_bias": (width,)}
        return shapes | {"logits": (width, choices), "logits_bias": (choices,)}

    def logits(self, weights, x):
        from aecli.samplers import grid_networks

        return grid_networks.transformer(weights, x, self.blocks, self.heads)
