"""InfoVAE: less of the KL of each example, more of the distance of all codes to the prior."""

from typing import Annotated

from pydantic import Field

from aecli.errors import BadRequest
from aecli.latents.priors.standard import Standard
from aecli.models.base import LatentDim
from aecli.models.mmd import Kernel, MatchesPrior
from aecli.models.vae import VAE
from aecli.models.wae import Remembered
from aecli.serial import register


@register
class InfoVAE(MatchesPrior, VAE):
    """loss = reconstruction + beta * (1 - alpha) * KL + (alpha + lam - 1) * mmd.

    mmd = MMD^2( q(z), N(0, I) ) in place of a divergence of q(z) to the prior (Zhao, Song & Ermon
    2019, eq. 6 and section 4). alpha weighs the mutual information of code and example, lam that
    divergence: alpha 0, lam 1 is the VAE, alpha 1 the MMD-VAE, whose KL is free. beta is 1 in the
    paper. How mmd is estimated in training and in evaluation: MatchesPrior.
    """

    latent_dim: LatentDim = 8
    prior: Standard = Standard()
    alpha: Annotated[float, Field(le=1, description="weight of the mutual information")] = 0.5
    lam: Annotated[float, Field(description="weight of the divergence of all codes")] = 200.0
    kernel: Kernel = "imq"
    remembered_codes: Remembered = 1024

    def assemble(self):
        """Raises BadRequest for weights with which the MMD would be maximised."""
        if self.alpha + self.lam < 1:
            raise BadRequest(
                f"model.alpha={self.alpha:g} and model.lam={self.lam:g}: the weight of the MMD, "
                f"alpha + lam - 1, is below 0, and it would be maximised\n"
                f"take at least model.lam={1 - self.alpha:g}"
            )
        super().assemble()
        self.prepare_matching()

    def term_names(self):
        return [*super().term_names(), "mmd"]

    def noise_shapes(self):
        return super().noise_shapes() | {"prior": self.code_shape}

    def infer(self, batch, training=False):
        out, prior = super().infer(batch, training=training), batch.draws.get("prior")
        return out if prior is None else out | {"prior": prior}

    def penalties(self, batch, out, training=False):
        terms = super().penalties(batch, out, training=training)
        terms = {name: ((1.0 - self.alpha) * weight, kl) for name, (weight, kl) in terms.items()}
        mmd = self.mmd(out["z"], out.get("prior"), training)
        return terms | {"mmd": (self.alpha + self.lam - 1.0, mmd)}
