"""The variational autoencoder."""

from typing import Annotated, ClassVar

import numpy as np
from keras import ops
from pydantic import Field

from aecli import limits
from aecli.divergences import sum_per_example
from aecli.errors import BadRequest, NotApplicable
from aecli.latents.anneal.base import Anneal
from aecli.latents.anneal.linear import Linear
from aecli.latents.posteriors.base import Posterior
from aecli.latents.posteriors.gaussian import Gaussian
from aecli.latents.priors.base import Prior
from aecli.latents.priors.standard import Standard
from aecli.models.base import Autoencoder, LatentDim
from aecli.models.batch import Batch
from aecli.models.charged import Charged
from aecli.models.conditioned import Condition
from aecli.models.watched import MeanOf
from aecli.networks.base import emitted
from aecli.quantity import Quantity
from aecli.serial import register

KL = Quantity("nats an image", meaning="KL(q(z|x) || p(z)), of which another figure is charged")


@register
class VAE(Charged, Autoencoder):
    """loss = reconstruction + beta * KL( q(z|x) || p(z) ).

    z is drawn from the posterior q in training and in the loss, with epsilon_std times the noise;
    encode gives its mode. With a Gaussian posterior and the standard prior the KL is exact, else
    it is log q(z|x) - log p(z) of the draw. With beta = 1 and epsilon_std = 1 the loss is the
    negative ELBO (Kingma & Welling 2014, eq. 10); beta > 1 is the beta-VAE (Higgins 2017, eq. 4).
    An epsilon_std other than 1, as in some tutorials, samples from another posterior than the KL
    charges for: no bound.

    warmup_epochs and anneal: how beta, or the KL that is aimed at, rises while it is trained;
    validation always uses the full one, so that epochs stay comparable. free_bits: the mean KL of
    a code unit is charged for from so many nats on (Kingma 2016, eq. 15): no gradient lowers one
    that is below. Where that or a target KL changes what is charged, kl is watched beside it.

    condition=label: encoder and decoder are told the label y (see Conditioned): p(x|z, y) and
    q(z|x, y) are in the place of p(x|z) and q(z|x), and the bound is one of log p(x|y).
    """

    has_prior = True
    has_bound = True
    keeps_measure: ClassVar[tuple[str, ...]] = ("warmup_epochs", "posterior", "prior")

    about: ClassVar[dict[str, Quantity]] = {"kl": KL}

    latent_dim: LatentDim = 2
    beta: Annotated[float, Field(ge=0, description="weight of the KL term")] = 1.0
    epsilon_std: Annotated[float, Field(ge=0, description="scale of the sampling noise")] = 1.0
    warmup_epochs: Annotated[float, Field(ge=0, description="epochs")] = 0
    free_bits: Annotated[float, Field(ge=0, description="nats a code unit")] = 0.0
    anneal: Anneal = Linear()
    posterior: Posterior = Gaussian()
    prior: Prior = Standard()
    condition: Condition = "none"
    label_count: Annotated[int, Field(ge=1, description="labels that there are")] | None = None

    def assemble(self):
        """Raises BadRequest where posterior and prior do not go together."""
        super().assemble()
        prior, posterior = (type(part).__name__ for part in (self.prior, self.posterior))
        if self.prior.space != self.posterior.space:
            raise BadRequest(
                f"the posterior {posterior} has its codes {self.posterior.space}, the prior "
                f"{prior} {self.prior.space}\n"
                "for both in one place take model=s_vae, model=poincare_vae or model=vae"
            )
        if self.prior.of_posteriors and not self.posterior.has_density:
            raise BadRequest(
                f"the prior {prior} is made of posteriors whose density is known everywhere, which "
                f"that of {posterior} is not: take model/posterior=gaussian"
            )
        with limits.at_most():
            self.posterior_layer = self.posterior.layer(self.code_shape)
            self.prior_layer = self.prior.layer(self.code_shape, self.encoder_shape())
        if self.prior.of_posteriors and self.network.is_of_text:
            raise BadRequest(
                f"the prior {prior} learns inputs, and there are none between two tokens: take "
                "model/prior=standard or model/prior=mixture"
            )
        if self.epsilon_std == 0 and not self.has_exact_kl:
            raise BadRequest(
                f"model.epsilon_std must be above 0: {posterior} and {prior} have no KL of a point"
            )
        if self.charges_otherwise:
            self.prepare_charge()

    def check_range(self, low, high):
        super().check_range(low, high)
        self.prior.check_range(low, high)

    def heads(self):
        return self.posterior.heads(self.latent_dim)

    def term_names(self):
        return ["reconstruction", "kl_charged" if self.charges_otherwise else "kl"]

    def watches(self):
        own = [MeanOf("kl", self.about["kl"])] if self.charges_otherwise else []
        return [*super().watches(), *own]

    def noise_shapes(self):
        return {"z": self.code_shape} | super().noise_shapes()

    def infer(self, batch, training=False):
        heads = self.encoder(self.encoder_input(batch.x, batch.label), training=training)
        if not batch.draws:
            return {"z": self.posterior_layer.mode(heads), **heads}
        z, log_q = self.posterior_layer.draw(heads, batch.draws["z"], self.epsilon_std)
        return {"z": z, "log_q": log_q, **heads}

    @property
    def code_radius(self):
        return self.posterior.radius

    def nearest(self, z):
        return self.posterior_layer.nearest(z)

    def decoder_input(self, z, label=None):
        return self.posterior_layer.seen(z)

    def posterior_at(self, x):
        """The encoder's heads for inputs [K, *encoder_shape], which a prior may be made of."""
        return self.encoder(self.seen(x))

    def kl(self, out):
        """KL( q(z|x) || p(z) ) in nats [B], exact where it can be, else of the one draw."""
        units = self.kl_of_heads(out)
        if units is not None:
            return sum_per_example(units)
        entropy = self.posterior_layer.entropy(out) if self.prior_layer.is_uniform else None
        return (out["log_q"] if entropy is None else -entropy) - self.log_prior(out["z"])

    @property
    def has_exact_kl(self) -> bool:
        """Whether the KL is known without a draw."""
        shapes = {name: head.shape[1:] for name, head in emitted(self.encoder).items()}
        heads = {name: ops.zeros((1, *shape)) for name, shape in shapes.items()}
        return self.kl_of_heads(heads) is not None

    def kl_of_heads(self, heads):
        gaussian = self.posterior_layer.gaussian(heads)
        return None if gaussian is None else self.prior_layer.kl_of_gaussian(*gaussian)

    def penalties(self, batch, out, training=False):
        weight = self.weight_at(batch.progress)
        if not self.charges_otherwise:
            return {"kl": (weight, self.kl(out))}
        return {"kl_charged": (weight, self.charged(batch, out, training))}

    def weight_at(self, progress):
        """The KL's weight after so many epochs of training; None: the full one."""
        return self.beta * self.anneal.factor(progress, self.warmup_epochs)

    def objective(self, batch, out, player="model", training=False):
        loss, terms, watched = super().objective(batch, out, player, training=training)
        if self.charges_otherwise:
            watched = watched | {"kl": self.kl(out)}
        return loss, terms, watched

    def sample_prior(self, n: int, seed: int):
        """[n, *code_shape] from p(z)."""
        return self.prior_layer.sample(n, seed, self.posterior_at)

    @property
    def has_quantiles(self):
        return self.prior_layer.has_quantiles

    def prior_quantiles(self, p: np.ndarray):
        return self.prior_layer.quantiles(p)

    def log_prior(self, z):
        return self.prior_layer.log_prob(z, self.posterior_at)

    def draw(self, out, epsilon):
        if self.epsilon_std == 0:
            raise NotApplicable("needs model.epsilon_std above 0: else the posterior is a point")
        return self.posterior_layer.draw(out, epsilon, self.epsilon_std)

    @property
    def has_gaussian_posterior(self):
        return isinstance(self.posterior, Gaussian)

    def gaussian_posterior(self, x):
        def step(a):
            heads = self.encoder(self.encoder_input(a["x"], None))
            return self.posterior_layer.gaussian(heads)

        return self._map("gaussian_posterior", step, {"x": x})

    def kl_of_units(self, x, label=None):
        if not self.has_exact_kl:
            return None

        def step(a):
            return self.kl_of_heads(self.infer(Batch(a["x"], a["x"], label=a.get("label"))))

        return self._map("kl_of_units", step, {"x": x, **self.labels(label, len(x))})
