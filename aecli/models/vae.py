"""The variational autoencoder."""

from typing import Annotated

import numpy as np
from keras import ops
from pydantic import Field

from aecli.divergences import sum_per_example
from aecli.errors import NotApplicable
from aecli.latents.posteriors.base import Posterior
from aecli.latents.posteriors.gaussian import Gaussian
from aecli.latents.priors.base import Prior
from aecli.latents.priors.standard import Standard
from aecli.models.base import Autoencoder, LatentDim
from aecli.models.batch import Batch
from aecli.serial import register


@register
class VAE(Autoencoder):
    """loss = reconstruction + beta * KL( q(z|x) || p(z) ).

    z is drawn from the posterior q in training and in the loss, with epsilon_std times the noise;
    encode gives its mode. With a Gaussian posterior and the standard prior the KL is exact, else
    it is log q(z|x) - log p(z) of the draw. With beta = 1 and epsilon_std = 1 the loss is the
    negative ELBO (Kingma & Welling 2014, eq. 10); beta > 1 is the beta-VAE (Higgins 2017, eq. 4).
    An epsilon_std other than 1, as in some tutorials, samples from another posterior than the KL
    charges for: no bound.

    warmup_epochs raises the KL's weight linearly from 0 to beta over that many epochs of training
    (Bowman 2016, Soenderby 2016); validation always uses beta, so that epochs stay comparable.
    """

    has_prior = True
    has_bound = True

    latent_dim: LatentDim = 2
    beta: Annotated[float, Field(ge=0, description="weight of the KL term")] = 1.0
    epsilon_std: Annotated[float, Field(ge=0, description="scale of the sampling noise")] = 1.0
    warmup_epochs: Annotated[float, Field(ge=0, description="epochs")] = 0
    posterior: Posterior = Gaussian()
    prior: Prior = Standard()

    def assemble(self):
        super().assemble()
        self.posterior_layer = self.posterior.layer(self.code_shape)
        self.prior_layer = self.prior.layer(self.code_shape, self.encoder_shape())

    def heads(self):
        return self.posterior.heads(self.latent_dim)

    def term_names(self):
        return ["reconstruction", "kl"]

    def noise_shapes(self):
        return {"z": self.code_shape}

    def infer(self, batch, training=False):
        heads = self.encoder(batch.x, training=training)
        if not batch.draws:
            return {"z": self.posterior_layer.mode(heads), **heads}
        z, log_q = self.posterior_layer.draw(heads, batch.draws["z"], self.epsilon_std)
        return {"z": z, "log_q": log_q, **heads}

    def kl(self, out):
        """KL( q(z|x) || p(z) ) in nats [B], exact where it can be, else of the one draw."""
        units = self._kl_of_units(out)
        return out["log_q"] - self.log_prior(out["z"]) if units is None else sum_per_example(units)

    def _kl_of_units(self, heads):
        gaussian = self.posterior_layer.gaussian(heads)
        return None if gaussian is None else self.prior_layer.kl_of_gaussian(*gaussian)

    def weight_at(self, progress):
        """beta after so many epochs of training; None: the full one."""
        if not self.warmup_epochs or progress is None:
            return self.beta
        return self.beta * ops.minimum(1.0, progress / self.warmup_epochs)

    def penalties(self, batch, out, training=False):
        return {"kl": (self.weight_at(batch.progress), self.kl(out))}

    def sample_prior(self, n: int, seed: int):
        """[n, *code_shape] from p(z)."""
        return self.prior_layer.sample(n, seed, self.encoder)

    @property
    def has_quantiles(self):
        return self.prior_layer.has_quantiles

    def prior_quantiles(self, p: np.ndarray):
        return self.prior_layer.quantiles(p)

    def log_prior(self, z):
        return self.prior_layer.log_prob(z, self.encoder)

    def draw(self, out, epsilon):
        if self.epsilon_std == 0:
            raise NotApplicable("needs model.epsilon_std above 0: else the posterior is a point")
        return self.posterior_layer.draw(out, epsilon, self.epsilon_std)

    def kl_of_units(self, x, label=None):
        if self._kl_of_units(self.encoder(np.zeros((1, *self.encoder_shape()), "float32"))) is None:
            return None

        def step(a):
            return self._kl_of_units(self.infer(Batch(a["x"], a["x"], label=a.get("label"))))

        return self._map("kl_of_units", step, {"x": x, **self.labels(label, len(x))})
