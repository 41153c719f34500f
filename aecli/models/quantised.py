"""Quantised: each cell of the code is one of finitely many vectors; whole numbers outside."""

import math
from typing import Any, ClassVar

import tensorflow as tf
from keras import ops

from aecli import limits
from aecli.models.base import Autoencoder
from aecli.models.watched import CODES_USED, PERPLEXITY, CodesUsed, Perplexity
from aecli.quantity import Quantity


class Quantised(Autoencoder):
    """What models of discrete codes share: the choice, what passes through it, what is watched.

    The encoder's z_e [B, h, w, D] becomes, cell by cell, the vectors e that the layer `codebook`
    chooses; a flat code is one cell. The gradient at e passes to z_e as if the choice were the
    identity (Bengio, Leonard & Courville 2013; van den Oord 2017, section 3.2).

    Outside, the codes are the numbers of the vectors, [B, h, w] from 0 to codebook_size - 1. Of a
    model that chooses from several codebooks, one after the other, there is an axis more of so
    many. A variant makes `codebook` in assemble: a layer with z [B, ..., D] -> e, numbers int32;
    `look_up`, the way back; `table`, all vectors [codebooks, codebook_size, D].
    """

    gradient_is_estimate: ClassVar[bool] = True
    about: ClassVar[dict[str, Quantity]] = {"perplexity": PERPLEXITY, "codes_used": CODES_USED}

    flat: bool = False

    def assemble(self):
        super().assemble()
        with limits.at_most():
            self.codebook = self.chooser(self.code_shape[-1])

    def chooser(self, depth: int) -> Any:
        """The layer `codebook`, of vectors [depth]."""
        raise NotImplementedError

    @property
    def per_codebook(self) -> int:
        """The codebook's size."""
        return self.check_has_codebook()

    @property
    def cells(self) -> tuple[int, ...]:
        """The shape of what chooses: (h, w), or (1,) of a flat code."""
        return self.code_shape[:-1] or (1,)

    @property
    def cell_count(self) -> int:
        return math.prod(self.cells)

    @property
    def stored_shape(self):
        return self.cells if self.codebooks == 1 else (*self.cells, self.codebooks)

    def heads(self):
        return {"z_e": (self.latent_dim, "linear")}

    def watches(self):
        shape = (self.codebooks, self.per_codebook)
        return [
            *super().watches(),
            Perplexity("perplexity", PERPLEXITY, shape),
            CodesUsed("codes_used", CODES_USED, shape),
        ]

    @property
    def has_random_codes(self):
        return False

    def bounded(self, z_e):
        """The encoder's z_e as the choice is made by it."""
        return z_e

    def infer(self, batch, training=False):
        z_e = self.bounded(self.encoder(self.seen(batch.x), training=training)["z_e"])
        e, indices = self.codebook(self.of_cells(z_e))
        z = ops.reshape(e, (-1, *self.code_shape))
        return {"z": straight_through(z, z_e) if training else z, "z_e": z_e, "indices": indices}

    def objective(self, batch, out, player="model", training=False):
        loss, terms, watched = super().objective(batch, out, player, training=training)
        counts = self.counted(out["indices"])
        return loss, terms, watched | {"perplexity": counts, "codes_used": counts}

    def counted(self, indices):
        """How often each vector was chosen: [codebooks, codebook_size]."""
        count = self.codebooks * self.per_codebook
        chosen = ops.reshape(indices, (-1, self.codebooks)) + self.per_codebook * ops.arange(
            self.codebooks, dtype="int32"
        )
        chosen = tf.reshape(chosen, (-1,))
        counts = tf.math.unsorted_segment_sum(tf.ones_like(chosen, tf.float32), chosen, count)
        return tf.reshape(counts, (self.codebooks, self.per_codebook))

    def nearest(self, z):
        return ops.reshape(self.codebook(self.of_cells(z))[0], (-1, *self.code_shape))

    def look_up(self, indices):
        return ops.reshape(self.codebook.look_up(indices), (-1, *self.code_shape))

    def of_cells(self, z):
        """[B, *code_shape] -> [B, *cells, D]"""
        return ops.reshape(z, (-1, *self.cells, self.code_shape[-1]))


def straight_through(e, z_e):
    """e itself, to the bit; its gradient is z_e's."""
    return ops.stop_gradient(e) + (z_e - ops.stop_gradient(z_e))
