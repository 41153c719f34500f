"""RVQ: each cell of the code is a sum of vectors, one of each codebook in a row."""

import math
from typing import Annotated, ClassVar

from keras import ops
from pydantic import Field

from aecli import limits
from aecli.latents.residual import Residual
from aecli.models.quantised import straight_through
from aecli.models.vq_vae import VQVAE, squares
from aecli.serial import register


@register
class RVQ(VQVAE):
    """loss = reconstruction + beta * commitment; a cell's code is e_1 + .. + e_Q.

    e_q is the vector of the q-th codebook nearest to r_q, what those before it left over:
    r_1 = z_e, r_(q+1) = r_q - sg(e_q) (Zeghidour 2021, SoundStream, algorithm 1). commitment is the
    sum over cells and codebooks of |r_q - sg(e_q)|^2, each with a gradient to z_e; with
    codebook_update=loss the term codebook likewise. Each codebook follows the r_q that chose it.

    dropout: this share of the examples of a training batch has the first n codebooks alone, n drawn
    evenly from 1 to Q (SoundStream, section III.C): codes that are cut short are of use, too.
    """

    keeps_measure: ClassVar[tuple[str, ...]] = ("levels", "dropout")

    codebook_size: Annotated[int, Field(gt=0, le=2**16, description="vectors of a codebook")] = 16
    levels: Annotated[int, Field(ge=2, le=32, description="codebooks; of 1: model=vq_vae")] = 2
    dropout: Annotated[float, Field(ge=0, le=1, description="of the examples")] = 0.0

    @property
    def codebooks(self):
        return self.levels

    def chooser(self, depth):
        limits.check_count(self.cell_count * self.codebook_size)
        limits.count(self.levels * self.codebook_size * depth)
        learns = self.codebook_update == "loss"
        return Residual(self.levels, self.codebook_size, depth, learns)

    def noise_shapes(self):
        own = {"levels": (1,)} if self.dropout else {}
        return super().noise_shapes() | own

    def infer(self, batch, training=False):
        out = super().infer(batch, training=training)
        if not (training and self.dropout):
            return out
        kept = self.kept(batch.draws["levels"][:, 0])
        parts = self.codebook.parts(out["indices"])
        e = sum(_of_each(kept[:, q], e) * e for q, e in enumerate(parts))
        z = ops.reshape(e, (-1, *self.code_shape))
        return out | {"z": straight_through(z, out["z_e"]), "kept": kept}

    def nearest(self, z):
        """z itself: what is chosen for a sum of vectors, one by one, may be another sum."""
        return z

    def kept(self, draws):
        """1 where an example has a codebook, else 0, [B, Q]; draws: standard normals [B]."""
        u = 0.5 * (1.0 + ops.erf(draws / math.sqrt(2.0)))
        count = 1.0 + ops.floor(self.levels * u / self.dropout)  # beyond Q: not cut short
        return ops.cast(count[:, None] > ops.arange(self.levels, dtype="float32"), "float32")

    def penalties(self, batch, out, training=False):
        commitment, codebook = 0.0, 0.0
        for r, e, kept in self.of_levels(out):
            commitment = commitment + kept * squares(r, ops.stop_gradient(e))
            codebook = codebook + kept * squares(ops.stop_gradient(r), e)
        own = {} if self.codebook_update == "ema" else {"codebook": (1.0, codebook)}
        return {**own, "commitment": (self.beta, commitment)}

    def of_levels(self, out):
        """Of each codebook: r_q and e_q, [B, *cells, D], and 1 for an example that has it, [B]."""
        r = self.of_cells(out["z_e"])
        every = ops.ones((ops.shape(r)[0],))
        for q, e in enumerate(self.codebook.parts(out["indices"])):
            yield r, e, out["kept"][:, q] if "kept" in out else every
            r = r - ops.stop_gradient(e)

    def follow(self, out):
        for q, (r, _, kept) in enumerate(self.of_levels(out)):
            chosen, draws = out["indices"][..., q], out["revival"][..., q]
            self.follow_one(self.codebook.each[q], ops.stop_gradient(r), chosen, draws, kept)


def _of_each(kept, of):
    """[B] as it multiplies something [B, ...]."""
    return ops.reshape(kept, (-1, *[1] * (len(of.shape) - 1)))
