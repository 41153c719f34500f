"""The Wasserstein autoencoder: the codes of all examples together are to have the prior's law."""

from typing import Annotated, Literal

import keras
from pydantic import Field
from scipy.stats import norm

from aecli.divergences import gaussian_log_prob
from aecli.latents.posteriors.gaussian import Gaussian
from aecli.models.base import Autoencoder, LatentDim
from aecli.models.mmd import Kernel, MatchesPrior
from aecli.serial import register

Remembered = Annotated[int, Field(ge=2, le=2**12, description="codes of the training")]


@register
class WAE(MatchesPrior, Autoencoder):
    """loss = reconstruction + weight * mmd, mmd = MMD^2( q(z), N(0, I) ), q(z) = E q(z|x).

    The penalty is on the codes of all examples together, not on each one's (Tolstikhin, Bousquet,
    Gelly & Schoelkopf 2018, eq. 4 and algorithm 2, WAE-MMD). code point: z is a function of x;
    gaussian: it is drawn from N(mean, diag exp(log_var)), of which no KL is charged, so that the
    variance is free to vanish. How mmd is estimated in training and in evaluation: MatchesPrior.
    """

    has_prior = True
    has_quantiles = True

    latent_dim: LatentDim = 8
    code: Literal["point", "gaussian"] = "point"
    weight: Annotated[float, Field(ge=0, description="weight of the MMD")] = 200.0
    kernel: Kernel = "imq"
    remembered_codes: Remembered = 1024

    def assemble(self):
        super().assemble()
        self.posterior_layer = Gaussian().layer(self.code_shape)
        self.prepare_matching()

    @property
    def has_bound(self):
        return self.code == "gaussian"

    @property
    def has_random_codes(self):
        return self.code == "gaussian"

    def heads(self):
        return super().heads() if self.code == "point" else Gaussian().heads(self.latent_dim)

    def term_names(self):
        return ["reconstruction", "mmd"]

    def noise_shapes(self):
        own = {"z": self.code_shape} if self.code == "gaussian" else {}
        return own | super().noise_shapes() | {"prior": self.code_shape}

    def infer(self, batch, training=False):
        heads, prior = super().infer(batch, training=training), batch.draws.get("prior")
        if self.code == "gaussian" and "z" in batch.draws:
            heads["z"], heads["log_q"] = self.posterior_layer.draw(heads, batch.draws["z"])
        elif self.code == "gaussian":
            heads["z"] = self.posterior_layer.mode(heads)
        return heads if prior is None else heads | {"prior": prior}

    def penalties(self, batch, out, training=False):
        return {"mmd": (self.weight, self.mmd(out["z"], out.get("prior"), training))}

    def sample_prior(self, n: int, seed: int):
        return keras.random.normal((n, *self.code_shape), seed=seed)

    def prior_quantiles(self, p):
        return norm.ppf(p)

    def log_prior(self, z):
        return gaussian_log_prob(z, 0.0, 0.0)

    def draw(self, out, epsilon):
        if self.code == "point":
            return super().draw(out, epsilon)
        return self.posterior_layer.draw(out, epsilon)
