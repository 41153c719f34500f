"""WAE-GAN: a critic keeps the codes' distribution near N(0, I)."""

import keras
from keras import ops
from scipy.stats import norm

from aecli import limits
from aecli.models.ae import AE
from aecli.models.draws import normal_draws
from aecli.networks.base import Widths
from aecli.networks.mlp import MLP


@keras.saving.register_keras_serializable("own")
class WAEGAN(AE):
    """loss = reconstruction + weight * adversarial, adversarial = -log D(z).

    D tells draws of N(0, I) from codes, and minimises -log D(draw) - log(1 - D(z)), 2 log 2 where
    it cannot (Tolstikhin 2018, algorithm 1, with a deterministic encoder).
    """

    players = ("model", "critic")  # variables_of and its optimizer go by the attribute's name
    has_prior = has_quantiles = True
    has_random_codes = False  # the draws are the critic's alone

    weight: float = 10.0
    critic_widths: Widths = [128, 128]

    def assemble(self):
        super().assemble()
        critic = MLP(widths=self.critic_widths, activation="leaky_relu", negative_slope=0.2)
        with limits.at_most():  # a config may be somebody else's
            self.critic = critic.encoder(self.code_shape, {"logit": (1, "linear")}, flat=True)

    def term_names(self):
        return ["reconstruction", "adversarial"]

    def noise_shapes(self):
        return {"prior": self.code_shape}

    def penalties(self, batch, out, training=False):
        return {"adversarial": (self.weight, ops.softplus(-self.logit(out["z"])))}

    def objective(self, batch, out, player="model", training=False):
        if player == "critic":
            return self.critic_loss(batch.draws["prior"], out["z"]), {}, {}
        return super().objective(batch, out, player, training=training)

    def critic_loss(self, draws, z):
        """[B] in nats; draws of the prior and codes: [B, *code_shape]."""
        return ops.softplus(-self.logit(draws)) + ops.softplus(self.logit(z))

    def logit(self, z):
        """log D / (1 - D) of codes: [B]."""
        return self.critic(z)["logit"][:, 0]

    def sample_prior(self, n, seed):
        return normal_draws(n, self.code_shape, seed=seed)

    def prior_quantiles(self, p):
        return norm.ppf(p)
