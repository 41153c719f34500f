"""AAE: a critic of codes keeps those of the data like draws of a standard normal."""

import math
from typing import Annotated, ClassVar

import keras
from keras import ops
from pydantic import Field
from scipy.stats import norm

from aecli.latents.posteriors.gaussian import Gaussian
from aecli.models.base import Autoencoder, LatentDim
from aecli.models.critic import critic_of_codes, surprise
from aecli.networks.base import Widths
from aecli.serial import register


@register
class AAE(Autoencoder):
    """loss = reconstruction + weight * adversarial, adversarial = -log D(z).

    D is the critic's probability that a code was drawn from p(z) = N(0, I); it learns that from a
    draw beside the code of each example (Makhzani et al. 2016, sec. 2). The encoder's term is the
    one that does not saturate (Goodfellow et al. 2014, sec. 3): where no critic can tell codes
    from draws it is log 2, as the critic's loss, the mean cross-entropy of both.

    random_codes: the encoder gives a Gaussian posterior to draw from instead of the code itself
    (their sec. 2.1). There is no bound: of no code the density is known.
    """

    players = ("model", "critic")
    has_prior = True
    has_quantiles = True
    keeps_measure: ClassVar[tuple[str, ...]] = ("critic_widths",)

    latent_dim: LatentDim = 8
    weight: Annotated[float, Field(ge=0, description="of the adversarial term")] = 10.0
    random_codes: bool = False
    critic_widths: Widths = [256, 256]

    def assemble(self):
        super().assemble()
        self.code_size = math.prod(self.code_shape)
        self.posterior_layer = Gaussian().layer(self.code_shape)
        self.critic = critic_of_codes(self.code_size, self.critic_widths)

    def heads(self):
        return Gaussian().heads(self.latent_dim) if self.random_codes else super().heads()

    def term_names(self):
        return ["reconstruction", "adversarial"]

    def noise_shapes(self):
        own = {"z": self.code_shape} if self.random_codes else {}
        return own | {"prior": self.code_shape} | super().noise_shapes()

    @property
    def has_random_codes(self):
        return self.random_codes

    def infer(self, batch, training=False):
        heads = super().infer(batch, training=training)
        if not self.random_codes:
            return heads
        if not batch.draws:
            return {"z": self.posterior_layer.mode(heads), **heads}
        return {"z": self.posterior_layer.draw(heads, batch.draws["z"])[0], **heads}

    def logit(self, z):
        """The critic's log D / (1 - D) of codes [B, *code_shape]: [B]."""
        return self.critic(ops.reshape(z, (-1, self.code_size)))[:, 0]

    def penalties(self, batch, out, training=False):
        return {"adversarial": (self.weight, surprise(self.logit(out["z"]), is_real=True))}

    def objective(self, batch, out, player="model", training=False):
        if player == "critic":
            return self.critic_loss(ops.stop_gradient(out["z"]), batch.draws["prior"]), {}, {}
        return super().objective(batch, out, player, training=training)

    def critic_loss(self, z, drawn):
        """The mean cross-entropy of a code and a draw of p(z), [B, *code_shape] each: [B]."""
        of_draws = surprise(self.logit(drawn), is_real=True)
        return 0.5 * (of_draws + surprise(self.logit(z), is_real=False))

    def sample_prior(self, n, seed):
        """[n, *code_shape] from N(0, I)."""
        return keras.random.normal((n, *self.code_shape), seed=seed)

    def prior_quantiles(self, p):
        return norm.ppf(p)
