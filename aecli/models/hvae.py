"""The Hamiltonian VAE: codes are moved along the decoder's own log-likelihood."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Annotated, Any, ClassVar

import keras
import tensorflow as tf
from keras import ops
from pydantic import Field

from aecli.divergences import sum_per_example
from aecli.errors import BadRequest
from aecli.models.vae import VAE
from aecli.serial import register

LARGEST = 0.5  # step of a leapfrog; as the authors' code


@register
class HVAE(VAE):
    """loss = reconstruction of z_K + beta * kl: `steps` leapfrog steps K move the drawn code.

    z_0 is drawn as a VAE's, a momentum p_0 from N(0, T I), and each step follows the gradient of
    -log p(x, z); after it the momentum shrinks so that its temperature T falls to 1 (Caterini,
    Doucet & Sejdinovic 2018, "fixed" tempering). The bound is that of codes and momenta
    together, p(x, z_K) N(p_K) |det| / (q(z_0|x) N(p_0; T)). A leapfrog keeps volumes, so
    the determinant is T^(-d/2), as much as is in the density of p_0:

        kl = KL(q(z_0|x) || p) + log p(z_0) - log p(z_K) + |p_K|^2 / 2 - |p_0|^2 / 2T,

    of the one draw but for the first term, which has the mean of the drawn one; without steps it is
    the VAE, to the bit. Each unit's step and the temperature are learnt. The likelihood that is
    climbed is that of what the encoder sees. encode and reconstruct take the mean of q(z_0|x).
    """

    may_charge_otherwise = False
    keeps_measure: ClassVar[tuple[str, ...]] = ("step_size", "temperature")

    epsilon_std: Annotated[float, Field(gt=0, description="scale of the sampling noise")] = 1.0
    steps: Annotated[int, Field(ge=0, le=1000, description="leapfrog steps")] = 3
    step_size: Annotated[float, Field(gt=0, lt=LARGEST, description="at the start")] = 0.1
    temperature: Annotated[float, Field(ge=1, description="T at the start; 1: none")] = 1.5

    def assemble(self):
        super().assemble()
        if self.network.is_of_text:
            raise BadRequest(
                "model=hvae climbs the likelihood of numbers, not of sentences: take model=vae"
            )
        if self.steps:
            start = _constant(_logit(self.step_size / LARGEST))
            self.step_logit = self.add_weight(self.code_shape, start, name="step_logit")
        if self.is_tempered:
            start = _constant(math.log(self.temperature - 1.0))
            self.log_excess = self.add_weight((), start, name="log_excess")

    @property
    def draw_shape(self):
        return (2, *self.code_shape)

    @property
    def is_tempered(self) -> bool:
        return self.steps > 0 and self.temperature > 1

    def noise_shapes(self):
        return super().noise_shapes() | {"momentum": self.code_shape}

    def infer(self, batch, training=False):
        """Also "x", and "label" where there is one, which draw goes by."""
        known = {"x": batch.x} if batch.label is None else {"x": batch.x, "label": batch.label}
        if not batch.draws:
            return super().infer(batch, training=training) | known
        heads = self.encoder(self.encoder_input(batch.x, batch.label), training=training) | known
        drawn = ops.stack([batch.draws["z"], batch.draws["momentum"]], axis=1)
        return heads | self._moved(heads, drawn, training)

    def draw(self, out, epsilon):
        """epsilon: [B, 2, *code_shape], of the code and of the momentum."""
        moved = self._moved(out, epsilon)
        return moved["z"], moved["log_q"]

    def kl(self, out):
        start = super().kl(out | {"z": out["start"], "log_q": out["log_q_of_start"]})
        if not self.steps:  # what would cancel is not added: the gradient has the VAE's bits
            return start
        return start + (self.log_prior(out["start"]) - self.log_prior(out["z"])) + out["work"]

    @property
    def has_gaussian_posterior(self):
        return super().has_gaussian_posterior and self.steps == 0

    def kl_of_units(self, x, label=None):
        return super().kl_of_units(x, label) if self.steps == 0 else None

    def _moved(self, heads, epsilon, training=False) -> dict[str, Any]:
        """-> z_K, z_0, the momenta's |p_K|^2 / 2 - |p_0|^2 / 2T, and log q of z_0 and of both."""
        start, log_q = self.posterior_layer.draw(heads, epsilon[:, 0], self.epsilon_std)
        drawn = epsilon[:, 1]
        z, momentum = start, drawn
        if self.steps:
            of_steps = self.temperatures()
            step = LARGEST * ops.sigmoid(self.step_logit)

            def slope(z):
                return self.slope(z, heads["x"], heads.get("label"), training)

            shrink = [ops.sqrt(b / a) for a, b in pairwise(of_steps)]
            z, momentum = leapfrog(z, ops.sqrt(of_steps[0]) * drawn, slope, step, shrink)
        work = 0.5 * (sum_per_example(ops.square(momentum)) - sum_per_example(ops.square(drawn)))
        moved = {"z": z, "start": start, "work": work}
        return moved | {"log_q_of_start": log_q, "log_q": log_q + work}

    def temperatures(self) -> list:
        """T_0 .. T_K = 1 + (T_0 - 1) (1 - k^2 / K^2), as the authors' "fixed" schedule."""
        excess = ops.exp(self.log_excess) if self.is_tempered else ops.zeros(())
        return [1.0 + excess * (1.0 - (k / self.steps) ** 2) for k in range(self.steps + 1)]

    def slope(self, z, x, label=None, training=False):
        """The gradient of -log p(x, z) by codes z [B, *code_shape], which has one itself."""
        with tf.GradientTape() as tape:
            tape.watch(z)
            params = self.params(z, label, training=training)
            energy = -self.log_likelihood(x, params) - self.log_prior(z)
        return tape.gradient(energy, z)


def leapfrog(z, p, slope: Callable[[Any], Any], step, shrink: list) -> tuple[Any, Any]:
    """-> z and p after a step for each factor of shrink, by which p is then multiplied.

    Args: z, p: [B, ...]; slope: of the energy by z; step: of each unit. A step keeps volumes and
    is undone by one with -p, but for the factors (Neal 2011, eq. 5.18 to 5.20; Caterini 2018).
    """
    g = slope(z)
    for factor in shrink:
        p = p - 0.5 * step * g
        z = z + step * p
        g = slope(z)
        p = factor * (p - 0.5 * step * g)
    return z, p


def _logit(share: float) -> float:
    return math.log(share / (1.0 - share))


def _constant(value: float) -> keras.initializers.Initializer:
    return keras.initializers.Constant(value)
