"""Codebooks in a row: each chooses for what those before it left over."""

from typing import Any

import keras
from keras import ops

from aecli.latents.codebook import Codebook
from aecli.serial import register


@register
class Residual(keras.layers.Layer):
    """e = e_1 + .. + e_Q, e_q the vector of the q-th codebook nearest to z - e_1 - .. - e_(q-1).

    Source: Zeghidour 2021, SoundStream, algorithm 1. As a Codebook, its numbers [B, ..., Q].
    """

    def __init__(self, codebooks: int, size: int, depth: int, learns: bool = False, **kwargs: Any):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.settings = {"codebooks": codebooks, "size": size, "depth": depth, "learns": learns}
        self.each = [Codebook(size, depth, learns) for _ in range(codebooks)]
        self.built = True

    def call(self, z):
        indices = []
        for codebook in self.each:
            e, chosen = codebook(z)
            z = z - e
            indices.append(chosen)
        indices = ops.stack(indices, axis=-1)
        return self.look_up(indices), indices

    def parts(self, indices) -> list:
        """The vectors of each codebook, Q times [B, ..., D], for numbers [B, ..., Q]."""
        return [codebook.look_up(indices[..., q]) for q, codebook in enumerate(self.each)]

    def look_up(self, indices):
        return sum(self.parts(indices))

    def table(self):
        """All vectors, [Q, K, D]."""
        return ops.concatenate([codebook.table() for codebook in self.each])

    def get_config(self):
        return super().get_config() | dict(self.settings)
