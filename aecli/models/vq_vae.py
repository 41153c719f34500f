"""VQ-VAE: each cell of the code is one of the vectors of a codebook."""

import math
from typing import Annotated, ClassVar

from keras import ops
from pydantic import Field

from aecli import limits
from aecli.divergences import sum_per_example
from aecli.latents.codebook import Codebook
from aecli.models.base import Autoencoder, LatentDim
from aecli.models.batch import batch_rows, batch_sum
from aecli.models.watched import CODES_USED, PERPLEXITY, CodesUsed, Perplexity
from aecli.quantity import Quantity
from aecli.serial import register


@register
class VQVAE(Autoencoder):
    """loss = reconstruction + beta * commitment, commitment = sum over cells |z_e - sg(e)|^2.

    The encoder's z_e [B, h, w, D] becomes the nearest vectors e of the codebook, cell by cell (van
    den Oord 2017, eq. 1 and 2); a flat code is one cell. The decoder's gradient passes to z_e as if
    the choice were the identity, and the commitment, sg the stopped gradient, pulls z_e alone
    (eq. 3, its last term; the sum over cells, as the likelihood's over pixels). The codebook has no
    gradient: it follows what chose it, see Codebook.follow, in training alone.

    Outside the codes are the numbers of the vectors, whole ones from 0 to codebook_size - 1.
    """

    gradient_is_estimate: ClassVar[bool] = True
    keeps_measure: ClassVar[tuple[str, ...]] = ("codebook_size", "decay", "epsilon", "revival")
    about: ClassVar[dict[str, Quantity]] = {"perplexity": PERPLEXITY, "codes_used": CODES_USED}

    latent_dim: LatentDim | None = 16
    flat: bool = False
    codebook_size: Annotated[int, Field(gt=0, le=2**16, description="vectors")] = 256
    beta: Annotated[float, Field(ge=0, description="weight of the commitment")] = 0.25
    decay: Annotated[float, Field(ge=0, lt=1, description="of the codebook's averages")] = 0.99
    epsilon: Annotated[float, Field(gt=0, le=1, description="added to a vector's count")] = 1e-5
    revival: Annotated[
        float, Field(ge=0, le=1, description="of its fair share, below which a vector is dead")
    ] = 0.1

    def assemble(self):
        super().assemble()
        depth = self.code_shape[-1]
        limits.check_count(math.prod(self.stored_shape) * self.codebook_size)
        with limits.at_most():
            limits.count(self.codebook_size * depth)
            self.codebook = Codebook(self.codebook_size, depth)

    @property
    def stored_shape(self):
        return self.code_shape[:-1] or (1,)

    def heads(self):
        return {"z_e": (self.latent_dim, "linear")}

    def term_names(self):
        return ["reconstruction", "commitment"]

    def watches(self):
        return [
            *super().watches(),
            Perplexity("perplexity", PERPLEXITY, self.codebook_size),
            CodesUsed("codes_used", CODES_USED, self.codebook_size),
        ]

    def noise_shapes(self):
        return {"revival": self.stored_shape} | super().noise_shapes()

    @property
    def has_random_codes(self):
        return False

    def infer(self, batch, training=False):
        z_e = self.encoder(self.seen(batch.x), training=training)["z_e"]
        e, indices = self.codebook(self._cells(z_e))
        z = ops.reshape(e, (-1, *self.code_shape))
        if not training:
            return {"z": z, "z_e": z_e, "indices": indices}
        z = ops.stop_gradient(z) + (z_e - ops.stop_gradient(z_e))  # e itself, its gradient z_e's
        return {"z": z, "z_e": z_e, "indices": indices, "revival": batch.draws["revival"]}

    def penalties(self, batch, out, training=False):
        distance = ops.square(out["z_e"] - ops.stop_gradient(out["z"]))
        return {"commitment": (self.beta, sum_per_example(distance))}

    def objective(self, batch, out, player="model", training=False):
        loss, terms, watched = super().objective(batch, out, player, training=training)
        z_e = self._cells(ops.stop_gradient(out["z_e"]))
        counts, sums = self.codebook.taken(z_e, out["indices"])
        if training:
            self.codebook.follow(
                batch_sum(counts[None]), batch_sum(sums[None]), batch_rows(z_e),
                batch_rows(out["revival"]), self.decay, self.epsilon, self.revival,
            )  # fmt: skip
        return loss, terms, watched | {"perplexity": counts, "codes_used": counts}

    def nearest(self, z):
        return ops.reshape(self.codebook(self._cells(z))[0], (-1, *self.code_shape))

    def look_up(self, indices):
        return ops.reshape(self.codebook.look_up(indices), (-1, *self.code_shape))

    def _cells(self, z):
        """[B, *code_shape] -> [B, *stored_shape, D]"""
        return ops.reshape(z, (-1, *self.stored_shape, self.code_shape[-1]))
