"""FactorVAE: a critic estimates the total correlation of the codes, which is charged for."""

from typing import Annotated, ClassVar

from keras import ops
from pydantic import Field

from aecli.models.base import LatentDim
from aecli.models.batch import batch_rows, own_rows
from aecli.models.critic import critic_of_codes
from aecli.models.vae import VAE
from aecli.networks.base import Widths
from aecli.serial import register


@register
class FactorVAE(VAE):
    """loss = reconstruction + beta * KL + gamma * TC, TC = KL( q(z) || prod_j q(z_j) ).

    The critic tells codes z from codes whose units were permuted over the batch, each on its own;
    its logit, log D(z) / (1 - D(z)), estimates log q(z) / prod_j q(z_j) (Kim & Mnih 2018, eq. 3
    and algorithm 2). The term tc [B] is that logit, a figure of the critic's as it is.

    The critic's loss is the cross-entropy of the first half of a batch, as it is, against the
    second half, permuted: the two have no example in common.
    """

    players = ("model", "critic")
    keeps_measure: ClassVar[tuple[str, ...]] = ("critic_widths",)

    latent_dim: LatentDim = 10
    gamma: Annotated[float, Field(ge=0, description="weight of the total correlation")] = 35.0
    critic_widths: Widths = [256, 256, 256]

    def assemble(self):
        super().assemble()
        self.code_size = int(ops.prod(self.code_shape))
        self.critic = critic_of_codes(self.code_size, self.critic_widths)

    def term_names(self):
        return [*super().term_names(), "tc"]

    def noise_shapes(self):
        return super().noise_shapes() | {"permutation": (self.code_size,)}

    def penalties(self, batch, out, training=False):
        terms = super().penalties(batch, out, training=training)
        return terms | {"tc": (self.gamma, self.logit(self._flat(out["z"])))}

    def logit(self, z):
        """The critic's log D / (1 - D) of flat codes [B, code size]: [B]."""
        return self.critic(z)[:, 0]

    def objective(self, batch, out, player="model", training=False):
        if player == "critic":
            z = batch_rows(self._flat(out["z"]))
            return self.critic_loss(z, batch_rows(batch.draws["permutation"])), {}, {}
        return super().objective(batch, out, player, training=training)

    def critic_loss(self, z, draws):
        """Cross-entropy in nats of the rows [b] of this replica; z, draws: [B, code size]."""
        half = ops.shape(z)[0] // 2
        order = ops.argsort(draws[half:], axis=0)
        permuted = ops.take_along_axis(z[half:], order, axis=0)
        seen = own_rows(ops.concatenate([z[:half], permuted]))
        is_permuted = own_rows(ops.cast(ops.arange(ops.shape(z)[0]) >= half, "float32"))
        logit = self.logit(seen)
        return ops.softplus(ops.where(is_permuted > 0, logit, -logit))

    def _flat(self, z):
        return ops.reshape(z, (-1, self.code_size))
