"""VAE-GAN: a critic's features say how alike two images are, and its verdict trains the decoder."""

from typing import Annotated, ClassVar, Literal

from keras import ops
from pydantic import Field

from aecli.divergences import gaussian_log_prob
from aecli.errors import BadRequest
from aecli.latents.priors.standard import Standard
from aecli.models.base import LatentDim
from aecli.models.critic import critic_of_examples, surprise, verdicts
from aecli.models.vae import VAE
from aecli.quantity import LOWER, Quantity
from aecli.serial import register


@register
class VAEGAN(VAE):
    """encoder: beta * KL + features; decoder: gamma * features + adversarial; and a critic.

    features = -log N(D_l(x); D_l(x~), I), x~ the reconstruction and D_l the layer of the critic
    that its verdict is made of (Larsen et al. 2016, eq. 6 to 8, constants included). The critic
    tells examples x from reconstructions x~ and from decoded draws of the prior x_p (their
    algorithm 1); it is an encoder of the same network with a logit for its code. The encoder has no
    part in the game, and each has parameters of its own.

    adversarial: the mean over x~ and x_p of -log D, or of log(1 - D), which is `minimax`. The
    critic's loss is the mean cross-entropy, what is real and what is made weighing alike. With
    `reconstructions` false both are of x_p alone; with gamma 0 besides, decoder and critic are the
    GAN of Goodfellow et al. 2014, and the encoder learns to find the code of an image in it.

    Nothing minimises the reconstruction in pixels: it is a term to look at. The loss is the
    encoder's, in features that move with the critic: no bound, and of another epoch another figure.
    """

    players = ("model", "decoder", "critic")
    has_bound = False
    codes_reconstruct = False
    reconstructs = False
    may_charge_otherwise = False
    keeps_measure: ClassVar[tuple[str, ...]] = ("gamma",)

    latent_dim: LatentDim = 32
    gamma: Annotated[float, Field(ge=0, description="weight of the features for the decoder")] = 0.5
    adversarial: Literal["non_saturating", "minimax"] = "non_saturating"
    reconstructions: bool = True

    def assemble(self):
        """Raises BadRequest for text, and for a prior that normals are not draws of."""
        if not isinstance(self.prior, Standard):
            raise BadRequest("model=vae_gan draws from N(0, I) alone: take model/prior=standard")
        super().assemble()
        self.critic = critic_of_examples(self.network, self.data_shape)

    def term_names(self):
        return [*super().term_names(), "features"]

    def quantities(self):
        unit = "nats an image"
        told = {
            "loss": Quantity(unit, LOWER, "the encoder's, in the critic's features", True),
            "reconstruction": Quantity(unit, LOWER, "of the pixels, which nothing minimises", True),
            "features": Quantity(unit, LOWER, "misfit in a layer of the critic, as it is", True),
        }
        return super().quantities() | {k: quantity.of(self.spec) for k, quantity in told.items()}

    def decoders_loss(self, likelihood):
        return f"{self.gamma:g} features + adversarial" if self.gamma else "adversarial"

    def noise_shapes(self):
        return super().noise_shapes() | {"prior": self.code_shape}

    def forward(self, batch, training=False):
        """With a target, also what the critic says of it and of what was made, one after another.

        "features": [2 or 3, B, F], "logits": [2 or 3, B], float32: of x, of x~, and in training
        of x_p.
        """
        out = super().forward(batch, training=training)
        if batch.target is None:
            return out
        shown = [batch.target, self.expected(out["params"])]
        if training:
            drawn = self.params(batch.draws["prior"], batch.label, training=True)
            shown.append(self.expected(drawn))
        features, logits = verdicts(self, shown, batch.target, training)
        return out | {"features": features, "logits": logits}

    def misfit_of_features(self, out):
        """-log N(D_l(x); D_l(x~), I) in nats: [B]."""
        return -gaussian_log_prob(out["features"][0], out["features"][1], 0.0)

    def penalties(self, batch, out, training=False):
        features = {"features": (1.0, self.misfit_of_features(out))}
        return super().penalties(batch, out, training=training) | features

    def objective(self, batch, out, player="model", training=False):
        if player == "critic":
            return self.critic_loss(out["logits"]), {}, {}
        if player == "decoder":
            features = self.misfit_of_features(out)
            return self.gamma * features + self.adversarial_loss(out["logits"]), {}, {}
        terms = {"reconstruction": self.misfit(batch.target, out["params"])}
        weighted = self.penalties(batch, out, training=training)
        terms |= {name: term for name, (_, term) in weighted.items()}
        loss = sum(weight * term for weight, term in weighted.values())
        return loss, terms, self.reconstruction_loss.parts(batch.target, out["params"])

    def critic_loss(self, logits):
        """Of logits [3, B] of x, x~ and x_p, in nats: [B]."""
        made = ops.mean(surprise(self.made(logits), is_real=False), axis=0)
        return 0.5 * (surprise(logits[0], is_real=True) + made)

    def adversarial_loss(self, logits):
        """What the decoder has to gain from the critic, of logits [3, B], in nats: [B]."""
        made = self.made(logits)
        if self.adversarial == "minimax":
            return -ops.mean(surprise(made, is_real=False), axis=0)
        return ops.mean(surprise(made, is_real=True), axis=0)

    def made(self, logits):
        """Of logits [3, B] those of what was made for the critic to see: [1 or 2, B]."""
        return logits[1:] if self.reconstructions else logits[2:]
