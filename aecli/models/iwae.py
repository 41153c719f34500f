"""Importance-weighted autoencoders: several draws of an example's code tighten its bound."""

import math
from typing import Annotated, ClassVar, Literal

from keras import ops
from pydantic import Field

from aecli import limits
from aecli.errors import BadRequest
from aecli.models.dreg import gradient_scale, scaled
from aecli.models.vae import VAE
from aecli.networks.base import emitted
from aecli.serial import register

Draws = Annotated[int, Field(ge=1, le=2**20, description="draws an example")]


@register
class IWAE(VAE):
    """loss = -log 1/k sum_j w_j, w_j = p(x|z_j) (p(z_j) / q(z_j|x))^beta, with k draws z_j of q.

    With beta = 1 this is the negative of a lower bound of log p(x) that rises with k (Burda, Grosse
    & Salakhutdinov 2016, eq. 8); k = 1 is the VAE with its KL estimated from the draw.

    estimator=plain: the gradient is that of the bound itself, through the draws: each has the share
    w_j / sum w of it. dreg: the encoder's, in the mean over draws the same one, is of the doubly
    reparameterised estimator, whose noise is less and is none where q is the true posterior (see
    aecli.models.dreg); the decoder's is that of the bound.

    Terms: reconstruction and kl are the means over the draws of -log p(x|z) and of
    log q(z|x) - log p(z); tightening, at most 0, is what the loss lies below their weighted sum.
    An epsilon_std other than 1 samples from another q, whose density is the one in w: a bound.
    """

    may_charge_otherwise = False
    keeps_measure: ClassVar[tuple[str, ...]] = ("estimator",)

    m = 1  # bounds of k draws each, of which the mean is taken
    epsilon_std: Annotated[float, Field(gt=0, description="scale of the sampling noise")] = 1.0
    k: Draws = 5
    estimator: Literal["plain", "dreg"] = "plain"

    def assemble(self):
        super().assemble()
        if self.estimator == "dreg" and not (self.posterior.has_density and self.epsilon_std == 1):
            raise BadRequest(
                "model.estimator=dreg needs the density of the draws at every code: take "
                "model/posterior=gaussian and model.epsilon_std=1"
            )
        self.decoded_an_example = self.m * self.k
        limits.check_values(self.decoder, copies=self.decoded_an_example)

    @property
    def gradient_is_estimate(self):  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.estimator == "dreg"

    def term_names(self):
        return [*super().term_names(), "tightening"]

    def noise_shapes(self):
        return super().noise_shapes() | {"z": (self.m, self.k, *self.code_shape)}

    def infer(self, batch, training=False):
        """With draws, "zs" are all, [B * m * k, *code_shape], and "z" the first of each example."""
        if not batch.draws:
            return super().infer(batch, training=training)
        heads = self.encoder(self.encoder_input(batch.x, batch.label), training=training)
        epsilon = ops.reshape(batch.draws["z"], (-1, *self.code_shape))
        repeated = {name: self._repeat(head) for name, head in heads.items()}
        zs, log_q = self.posterior_layer.draw(repeated, epsilon, self.epsilon_std)
        return {"z": zs[:: self.decoded_an_example], "zs": zs, "log_q": log_q, **heads}

    def forward(self, batch, training=False):
        """With draws, also "params_of_zs"; "params" are those of "z"."""
        if not batch.draws:
            return super().forward(batch, training=training)
        out, given = self.infer(batch, training=training), self.told(batch, training)
        given, label = (v if v is None else self._repeat(v) for v in (given, batch.label))

        def params_of(zs):
            return self.params(zs, label, training=training, given=given)

        if training and self.estimator == "dreg":
            before = out | {"params_of_zs": params_of(ops.stop_gradient(out["zs"]))}
            out |= self._doubly_reparameterised(batch, before)
        params = params_of(out["zs"])
        return {"params": params[:: self.decoded_an_example], "params_of_zs": params, **out}

    def objective(self, batch, out, player="model", training=False):
        misfit, kl = self._of_draws(batch, out)
        weight = self.weight_at(batch.progress)
        loss = -ops.mean(self.bound_of(-misfit - weight * kl), axis=1)
        terms = {"reconstruction": ops.mean(misfit, axis=(1, 2)), "kl": ops.mean(kl, axis=(1, 2))}
        terms["tightening"] = loss - terms["reconstruction"] - weight * terms["kl"]
        return loss, terms, self.reconstruction_loss.parts(batch.target, out["params"])

    def bound_of(self, log_w):
        """The bound [B, m] of log w_j of the draws, [B, m, k]."""
        return ops.logsumexp(log_w, axis=2) - math.log(self.k)

    def penalties(self, batch, out, training=False):
        _, terms, _ = self.objective(batch, out, training=training)
        weights = {"kl": self.weight_at(batch.progress), "tightening": 1.0}
        return {name: (weight, terms[name]) for name, weight in weights.items()}

    def _of_draws(self, batch, out):
        """-log p(x|z) and log q(z|x) - log p(z) of each draw: [B, m, k] in nats."""
        misfit = self.misfit(self._repeat(batch.target), out["params_of_zs"])
        return self._by_draw(misfit), self._by_draw(out["log_q"] - self.log_prior(out["zs"]))

    def _doubly_reparameterised(self, batch, out):
        """The same zs and log q, with the gradients that they are to have."""
        misfit, kl = self._of_draws(batch, out)
        weight = self.weight_at(batch.progress)
        scale = gradient_scale(-misfit - weight * kl, weight)
        zs = scaled(out["zs"], ops.reshape(scale, (-1, *[1] * len(self.code_shape))))
        heads = {name: self._repeat(ops.stop_gradient(out[name])) for name in emitted(self.encoder)}
        return {"zs": zs, "log_q": self.posterior_layer.log_prob(zs, heads)}

    def _repeat(self, x):
        """[B, ...] -> [B * m * k, ...], the draws of an example in a row."""
        return ops.repeat(x, self.decoded_an_example, axis=0)

    def _by_draw(self, x):
        return ops.reshape(x, (-1, self.m, self.k))


@register
class MIWAE(IWAE):
    """The mean of m bounds of k draws each (Rainforth 2018): m * k draws an example.

    m = 1 is the IWAE, k = 1 the VAE with its KL estimated from m draws. More bounds make the
    encoder's gradient less noisy, more draws in each make the bound tighter.
    """

    m: Draws = 8
    k: Draws = 8
