"""The variational autoencoder."""

import math
from typing import Annotated, ClassVar

import keras
from keras import ops
from pydantic import Field

from aecli.divergences import gaussian_kl, gaussian_kl_of_units, gaussian_log_prob
from aecli.errors import NotApplicable
from aecli.models.base import Autoencoder, LatentDim
from aecli.serial import register


@register
class VAE(Autoencoder):
    """loss = reconstruction + beta * KL( N(mean, exp(log_var)) || N(0, I) ).

    z = mean + exp(log_var / 2) * epsilon_std * epsilon in training and in the loss; encode gives
    the mean. With beta = 1 and epsilon_std = 1 the loss is the negative ELBO (Kingma & Welling
    2014, eq. 10); beta > 1 is the beta-VAE (Higgins 2017, eq. 4). An epsilon_std other than 1,
    as in some tutorials, samples from another posterior than the KL charges for: no bound.

    warmup_epochs raises the KL's weight linearly from 0 to beta over that many epochs of training
    (Bowman 2016, Soenderby 2016); validation always uses beta, so that epochs stay comparable.
    """

    has_prior = True
    keeps_measure: ClassVar[tuple[str, ...]] = ("warmup_epochs",)

    def __init__(
        self,
        data_shape,
        network,
        reconstruction_loss,
        latent_dim: LatentDim = 2,
        flat: bool = True,
        beta: Annotated[float, Field(ge=0, description="weight of the KL term")] = 1.0,
        epsilon_std: Annotated[float, Field(ge=0, description="scale of the sampling noise")] = 1.0,
        warmup_epochs: Annotated[float, Field(ge=0, description="epochs")] = 0,
    ):
        super().__init__()
        self.beta, self.epsilon_std, self.warmup_epochs = beta, epsilon_std, warmup_epochs
        self.assemble(data_shape, network, reconstruction_loss, latent_dim, flat)
        self.warmup = self.add_weight(name="warmup", shape=(), initializer="ones", trainable=False)

    def heads(self):
        return {"mean": (self.latent_dim, "linear"), "log_var": (self.latent_dim, "linear")}

    def term_names(self):
        return ["reconstruction", "kl"]

    def noise_shape(self):
        return self.code_shape

    def infer(self, x, epsilon=None, training=False):
        posterior = self.encoder(x, training=training)
        mean, log_var = posterior["mean"], posterior["log_var"]
        z = mean if epsilon is None else self.draw(posterior, epsilon)
        return {"z": z, "mean": mean, "log_var": log_var}

    def draw(self, out, epsilon):
        """z [B, *code_shape] of the posterior in out, from a standard normal of that shape."""
        return out["mean"] + ops.exp(0.5 * out["log_var"]) * self.epsilon_std * epsilon

    def penalties(self, x, out, training=False):
        weight = self.beta * self.warmup if training else self.beta
        return {"kl": (weight, gaussian_kl(out["mean"], out["log_var"]))}

    def sample_prior(self, n: int, seed: int):
        """[n, *code_shape] from N(0, I)."""
        return keras.random.normal((n, *self.code_shape), seed=seed)

    def kl_of_units(self, x):
        def step(x):
            posterior = self.infer(x)
            return gaussian_kl_of_units(posterior["mean"], posterior["log_var"])

        return self._map("kl_of_units", step, x)

    def log_prior(self, z):
        return gaussian_log_prob(z, 0.0, 0.0)

    def log_posterior(self, z, out):
        if self.epsilon_std == 0:
            raise NotApplicable("needs model.epsilon_std above 0: else the posterior is a point")
        log_var = out["log_var"] + 2.0 * math.log(self.epsilon_std)
        return gaussian_log_prob(z, out["mean"], log_var)

    def at_progress(self, epochs: float) -> None:
        """Set the warm-up to where it stands after so many epochs, a pure function of them."""
        if self.warmup_epochs:
            self.warmup.assign(min(1.0, epochs / self.warmup_epochs))
