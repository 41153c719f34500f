"""LFQ: each unit of the code is a sign; entropies keep the codes sure and all of them in use."""

from typing import Annotated, ClassVar

from keras import ops
from pydantic import Field

from aecli import limits
from aecli.divergences import sum_per_example
from aecli.latents.lattice import Lattice
from aecli.models.batch import batch_mean
from aecli.models.quantised import Quantised
from aecli.serial import register

MOMENTUM = 0.99  # of the running shares of the codes, as batch normalisation's default
TINY = 1e-12  # of a share: below it the entropy's slope no longer rises


@register
class LFQ(Quantised):
    """loss = reconstruction + beta * commitment + weight * entropy; a code is sign(z_e).

    entropy = sum over cells H( p(c|z_e) ) - diversity * cells * H( E p(c|z_e) ), E the mean over
    cells and examples, p(c|z_e) = softmax over the codes c of 2 inverse_temperature z_e.c
    (Yu 2023, eq. 6, after Jansen 2020, eq. 4): the first entropy falls as a choice is sure, the
    second rises as all codes are chosen. commitment = sum over cells |z_e - sg(sign(z_e))|^2.

    In training E is over the batch; in evaluation a running mean of it, so that an image's loss
    does not depend on its neighbours.
    """

    keeps_measure: ClassVar[tuple[str, ...]] = ()

    latent_dim: Annotated[int, Field(ge=1, le=16, description="signs: 2^latent_dim codes")] = 8
    beta: Annotated[float, Field(ge=0, description="weight of the commitment")] = 0.25
    weight: Annotated[float, Field(ge=0, description="of the entropy")] = 0.1
    diversity: Annotated[float, Field(ge=0, description="of the codes' own entropy in it")] = 1.0
    inverse_temperature: Annotated[float, Field(gt=0, le=1e6)] = 100.0

    @property
    def codebook_size(self):
        return 2**self.latent_dim

    def assemble(self):
        super().assemble()
        limits.check_count(self.cell_count * self.per_codebook, "model.latent_dim")
        self.running_share = self.add_weight(
            name="running_share", shape=(self.per_codebook,), trainable=False,
            initializer=lambda shape, dtype: ops.full(shape, 1.0 / self.per_codebook, dtype),
        )  # fmt: skip

    def chooser(self, depth):
        return Lattice([2] * depth)

    def term_names(self):
        return ["reconstruction", "commitment", "entropy"]

    def penalties(self, batch, out, training=False):
        z_e = self.of_cells(out["z_e"])
        signs = ops.stop_gradient(ops.where(z_e > 0, 1.0, -1.0))
        distance = sum_per_example(ops.square(z_e - signs))
        logits = 4.0 * self.inverse_temperature * z_e  # of 1 against -1
        of_codes = entropy(self.shares(logits, training))
        entropies = sum_per_example(entropy_of_signs(logits))
        term = entropies - self.diversity * self.cell_count * of_codes
        return {"commitment": (self.beta, distance), "entropy": (self.weight, term)}

    def shares(self, logits, training: bool):
        """E p(c|z_e) [codebook_size] for the logits [B, *cells, D] of each sign."""
        if not training:
            return self.running_share
        of_cells = ops.reshape(probabilities(logits), (-1, self.cell_count, self.per_codebook))
        share = batch_mean(ops.mean(of_cells, axis=1))
        kept = MOMENTUM * self.running_share + (1 - MOMENTUM) * ops.stop_gradient(share)
        self.running_share.assign(kept)
        return share


def probabilities(logits):
    """The probability of each vector of D signs, [..., 2^D] in a Lattice's order.

    logits: [..., D] of 1 against -1; the signs are independent.
    """
    p = ops.ones_like(logits[..., :1])
    for unit in range(logits.shape[-1]):
        up = ops.sigmoid(logits[..., unit : unit + 1])
        p = ops.concatenate([p * (1.0 - up), p * up], axis=-1)
    return p


def entropy_of_signs(logits):
    """The entropy of D independent signs in nats, for logits [..., D] of 1 against -1: [...]."""
    size = ops.abs(logits)
    return ops.sum(ops.softplus(-size) + size * ops.sigmoid(-size), axis=-1)


def entropy(share):
    """The entropy in nats of shares [K], of a sum of 1."""
    return -ops.sum(share * ops.log(ops.maximum(share, TINY)))
