"""VQ-VAE: each cell of the code is one of the vectors of a codebook."""

from typing import Annotated, ClassVar, Literal

from keras import ops
from pydantic import Field

from aecli import limits
from aecli.divergences import sum_per_example
from aecli.latents.codebook import Codebook
from aecli.models.base import LatentDim
from aecli.models.batch import batch_rows, batch_sum
from aecli.models.quantised import Quantised
from aecli.serial import register


@register
class VQVAE(Quantised):
    """loss = reconstruction + beta * commitment, commitment = sum over cells |z_e - sg(e)|^2.

    The encoder's z_e becomes the nearest vectors e of the codebook, cell by cell (van den Oord
    2017, eq. 1 and 2). The commitment, sg the stopped gradient, pulls z_e alone (eq. 3, its last
    term; the sum over cells, as the likelihood's over pixels).

    codebook_update: ema, and the codebook has no gradient: it follows what chose it, see
    Codebook.follow, in training alone. loss, and it has the term codebook = sum over cells
    |sg(z_e) - e|^2, of weight 1, which pulls e alone (eq. 3, its middle term).
    """

    keeps_measure: ClassVar[tuple[str, ...]] = ("codebook_size", "decay", "epsilon", "revival")

    latent_dim: LatentDim | None = 16
    codebook_size: Annotated[int, Field(gt=0, le=2**16, description="vectors")] = 256
    codebook_update: Literal["ema", "loss"] = "ema"
    beta: Annotated[float, Field(ge=0, description="weight of the commitment")] = 0.25
    decay: Annotated[float, Field(ge=0, lt=1, description="of the codebook's averages")] = 0.99
    epsilon: Annotated[float, Field(gt=0, le=1, description="added to a vector's count")] = 1e-5
    revival: Annotated[
        float, Field(ge=0, le=1, description="of its fair share, below which a vector is dead")
    ] = 0.1

    def chooser(self, depth):
        limits.check_count(self.cell_count * self.codebook_size)
        limits.count(self.codebook_size * depth)
        return Codebook(self.codebook_size, depth, learns=self.codebook_update == "loss")

    def term_names(self):
        own = ["codebook"] if self.codebook_update == "loss" else []
        return ["reconstruction", *own, "commitment"]

    def noise_shapes(self):
        return {"revival": self.stored_shape} | super().noise_shapes()

    def infer(self, batch, training=False):
        out = super().infer(batch, training=training)
        return out | {"revival": batch.draws["revival"]} if training else out

    def penalties(self, batch, out, training=False):
        z_e, e = out["z_e"], self.look_up(out["indices"])
        terms = {"commitment": (self.beta, squares(z_e, ops.stop_gradient(e)))}
        if self.codebook_update == "ema":
            return terms
        return {"codebook": (1.0, squares(ops.stop_gradient(z_e), e)), **terms}

    def objective(self, batch, out, player="model", training=False):
        found = super().objective(batch, out, player, training=training)
        if training:
            self.follow(out)
        return found

    def follow(self, out) -> None:
        """Let the codebook follow what chose in a batch; out: what infer returns."""
        z_e = self.of_cells(ops.stop_gradient(out["z_e"]))
        self.follow_one(self.codebook, z_e, out["indices"], out["revival"])

    def follow_one(self, codebook: Codebook, z, indices, draws, kept=None) -> None:
        """z [B, *cells, D] chose indices [B, *cells]; draws alike; kept: 1, or 0 of an example."""
        counts, sums = codebook.taken(z, indices, kept)
        of_batch = batch_sum(counts[None]), batch_sum(sums[None]), batch_rows(z), batch_rows(draws)
        codebook.follow(*of_batch, self.decay, self.epsilon, self.revival)


def squares(one, other):
    """The squared distance of two codes [B, ...] of an example: [B]."""
    return sum_per_example(ops.square(one - other))
