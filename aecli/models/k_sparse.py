"""The k-sparse autoencoder: of each code the k largest units are kept."""

import math
from typing import Annotated, ClassVar

from keras import ops
from pydantic import Field

from aecli.errors import BadRequest
from aecli.models.base import Autoencoder, LatentDim
from aecli.models.sparse_codes import among_largest
from aecli.serial import register


@register
class KSparse(Autoencoder):
    """A linear code of which the k largest units are kept, the others 0, and no further term.

    The largest, not those of the largest size (Makhzani & Frey 2014, algorithm 1): a unit that is
    not kept has no gradient. In evaluation, and in what `encode` gives, alpha * k are kept. Of
    equal ones the first. k falls to its value in the first anneal_epochs of the training, linearly
    from all units: with few from the start, many are never taken.
    """

    gradient_is_estimate: ClassVar[bool] = True  # of what is kept, not of the choice
    keeps_measure: ClassVar[tuple[str, ...]] = ("anneal_epochs",)

    latent_dim: LatentDim = 128
    k: Annotated[int, Field(ge=1, description="units that are kept in training")] = 16
    alpha: Annotated[float, Field(ge=1, description="times as many are kept in evaluation")] = 1.0
    anneal_epochs: Annotated[float, Field(ge=0, description="epochs")] = 0

    def assemble(self):
        super().assemble()
        self.code_size = math.prod(self.code_shape)
        if self.k > self.code_size:
            raise BadRequest(
                f"model.k={self.k} is more than the {self.code_size} units of a code\n"
                f"take at most model.k={self.code_size}, or a larger model.latent_dim"
            )

    def kept(self, progress=None, training=False):
        """How many units are kept, a number [], after so many epochs of training."""
        if not training:
            return min(round(self.alpha * self.k), self.code_size)
        if progress is None or self.anneal_epochs == 0:
            return self.k
        left = ops.maximum(1.0 - progress / self.anneal_epochs, 0.0)
        return ops.cast(ops.round(self.k + left * (self.code_size - self.k)), "int32")

    def infer(self, batch, training=False):
        z = super().infer(batch, training=training)["z"]
        flat = ops.reshape(z, (-1, self.code_size))
        largest = among_largest(flat, self.kept(batch.progress, training))
        kept = ops.where(largest, flat, ops.zeros_like(flat))
        return {"z": ops.reshape(kept, (-1, *self.code_shape))}
