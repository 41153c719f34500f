"""The blocks of a transformer: points that look at each other, and what each makes of it."""

import dataclasses
from typing import Annotated

from keras import layers
from pydantic import Field

from aecli import limits
from aecli.errors import BadRequest
from aecli.networks.base import Network


@dataclasses.dataclass(frozen=True, kw_only=True)
class Blocks(Network):
    """Vaswani 2017, with the normalisation before each part (Xiong 2020) and no dropout."""

    width: Annotated[int, Field(gt=0, le=2**12, description="numbers a point")] = 64
    heads: Annotated[int, Field(gt=0, le=64, description="of an attention")] = 4
    blocks: Annotated[int, Field(gt=0, le=32, description="of encoder and decoder each")] = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width % self.heads:
            text = f"must divide network.width={self.width}; got {self.heads}"
            raise BadRequest(text, "network.heads")

    def _attend(self, h, to=None, **kwargs):
        """to: [B, M, width]; None: the points themselves."""
        limits.count(4 * self.width**2)
        attention = layers.MultiHeadAttention(  # of a bias of the keys, nothing comes out
            self.heads, self.width // self.heads, use_bias=False, **self._initializers()
        )
        normal = layers.LayerNormalization()(h)
        return h + attention(normal, normal if to is None else to, **kwargs)

    def _feed_forward(self, h):
        inner = self._act(self._dense(layers.LayerNormalization()(h), 4 * self.width))
        return h + self._dense(inner, self.width)
