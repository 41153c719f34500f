"""Matryoshka: dictionaries inside each other, each of which reconstructs by itself."""

from typing import Annotated, ClassVar

from keras import ops
from pydantic import Field

from aecli.errors import BadRequest
from aecli.models.batch_top_k import BatchTopK
from aecli.serial import register

Share = Annotated[float, Field(gt=0, lt=1)]


@register
class Matryoshka(BatchTopK):
    """loss = sum over the prefixes m of the loss of W_d[:m] z[:m] + b_d, + aux_weight * aux.

    The whole dictionary is the last prefix and the reconstruction; `nested` is the sum over the
    others (Bussmann et al. 2025, Learning multi-level features with Matryoshka SAEs, eq. 4 and 5),
    of which there is none where prefixes is []: that is batch_top_k.
    """

    keeps_measure: ClassVar[tuple[str, ...]] = ()

    prefixes: Annotated[list[Share], Field(max_length=64)] = [1 / 32, 3 / 32, 7 / 32, 15 / 32]

    def assemble(self):
        super().assemble()
        self.sizes = [round(share * self.latent_dim) for share in self.prefixes]
        if sorted({*self.sizes} - {0, self.latent_dim}) != self.sizes:
            raise BadRequest(
                f"must be rising shares of model.latent_dim={self.latent_dim}, each of more units; "
                f"got {self.prefixes}, which are {self.sizes} units",
                "model.prefixes",
            )

    def term_names(self):
        return [*super().term_names(), *(["nested"] if self.prefixes else [])]

    def penalties(self, batch, out, training=False):
        terms = super().penalties(batch, out, training=training)
        if not self.prefixes:
            return terms
        nested, params = 0.0, self._shaped(self.directions.bias)
        for first, last in zip([0, *self.sizes], self.sizes, strict=False):
            kernel = self.directions.kernel[first:last]
            params = params + self._shaped(ops.matmul(out["z"][:, first:last], kernel))
            nested = nested + self.misfit(batch.target, params)
        return terms | {"nested": (1.0, nested)}
