"""JointVAE: numbers and choices in one code, each kind charged for its distance to a capacity."""

import functools
import itertools
import math
from typing import Annotated, ClassVar

import numpy as np
from keras import ops
from pydantic import Field

from aecli.divergences import gaussian_kl, gaussian_log_prob, sum_per_example
from aecli.latents import categorical
from aecli.latents.anneal.base import ramp
from aecli.models.base import Autoencoder, LatentDim
from aecli.models.batch import batch_mean
from aecli.models.charged import KL_RATE
from aecli.models.draws import normal_draws
from aecli.models.watched import MeanOf
from aecli.quantity import Quantity
from aecli.serial import register

KINDS = ("continuous", "discrete")
KL = Quantity("nats an image", meaning="KL to the prior, of which another figure is charged")


@register
class JointVAE(Autoencoder):
    """loss = reconstruction + gamma |KL_c - C_c| + gamma |KL_d - min(C_d, sum log K)|.

    A code is latent_dim numbers with a Gaussian posterior, then a one-hot choice among each of the
    `categories`; the prior is N(0, I) times even choices. KL_c and KL_d are means over the batch;
    C_c and C_d rise from 0 to their capacities over capacity_epochs (Dupont 2018, eq. 7 and
    section 3). In training a choice is relaxed at the temperature, in evaluation it is drawn, and
    encode gives the mean and the likeliest choices.

    The charges have a kink in a mean over the batch. In evaluation running means of the training's
    KLs are in its place, so that an example's loss does not depend on its neighbours.
    """

    has_prior = True
    has_bound = True
    keeps_measure: ClassVar[tuple[str, ...]] = ("categories", "temperature", "capacity_epochs")
    about: ClassVar[dict[str, Quantity]] = {f"kl_{kind}": KL for kind in KINDS}

    latent_dim: LatentDim = 10
    categories: Annotated[
        list[Annotated[int, Field(ge=2, le=2**12, description="categories of a choice")]],
        Field(min_length=1, max_length=64),
    ] = [10]
    gamma: Annotated[float, Field(ge=0, description="weight of both charges")] = 30.0
    continuous_capacity: Annotated[float, Field(ge=0, description="nats an example")] = 5.0
    discrete_capacity: Annotated[float, Field(ge=0, description="nats an example")] = 2.3
    capacity_epochs: Annotated[float, Field(ge=0, description="epochs")] = 25.0
    temperature: Annotated[float, Field(gt=0, le=100, description="of a relaxed choice")] = 0.67

    def assemble(self):
        self.categories = list(self.categories)
        super().assemble()
        weight = functools.partial(self.add_weight, initializer="zeros", trainable=False)
        self.running_kl = weight(name="running_kl", shape=(2,))
        self.running_steps = weight(name="running_steps", shape=())

    def heads(self):
        size = self.latent_dim
        return {"code": (size + sum(self.categories), "linear"), "log_var": (size, "linear")}

    def term_names(self):
        return ["reconstruction", *(f"kl_{kind}_charged" for kind in KINDS)]

    def watches(self):
        return [*super().watches(), *(MeanOf(name, KL) for name in self.about)]

    def noise_shapes(self):
        return {"z": self.code_shape} | super().noise_shapes()

    def infer(self, batch, training=False):
        heads = self.encoder(self.seen(batch.x), training=training)
        if not batch.draws:
            mean, *logits = self.split(heads["code"])
            choices = [categorical.one_hot_of_largest(of_one) for of_one in logits]
            return {"z": ops.concatenate([mean, *choices], axis=-1), **heads}
        relaxed = self.temperature if training else None
        return {"z": self._drawn(heads, batch.draws["z"], relaxed)[0], **heads}

    def _drawn(self, heads, normals, temperature=None):
        """-> codes, and log q of the numbers and of each choice; relaxed at a temperature."""
        (mean, *logits), (epsilon, *noise) = self.split(heads["code"]), self.split(normals)
        z = mean + ops.exp(0.5 * heads["log_var"]) * epsilon
        parts, log_q = [z], gaussian_log_prob(z, mean, heads["log_var"])
        for of_one, normal in zip(logits, noise, strict=True):
            g = categorical.gumbels(normal)
            if temperature is not None:
                parts.append(categorical.relaxed(of_one, g, temperature))
                continue
            parts.append(categorical.one_hot_of_largest(of_one + g))
            log_q = log_q + _total(categorical.log_prob(of_one, parts[-1]))
        return ops.concatenate(parts, axis=-1), log_q

    def kls(self, out):
        """KL of the numbers and of the choices, both [B], in nats."""
        mean, *logits = self.split(out["code"])
        of_choices = [_total(categorical.kl_to_uniform(of_one)) for of_one in logits]
        return gaussian_kl(mean, out["log_var"]), sum(of_choices)

    def capacities(self, progress) -> tuple:
        """C_c, and C_d as far as the choices hold it, after so many epochs; None: at the end."""
        risen = ramp(progress, self.capacity_epochs)
        most = self._choices() * sum(math.log(count) for count in self.categories)
        discrete = ops.minimum(self.discrete_capacity * risen, most)
        return self.continuous_capacity * risen, discrete

    def penalties(self, batch, out, training=False):
        kls = self.kls(out)
        if training:
            self._remember(ops.stack([ops.stop_gradient(batch_mean(kl)) for kl in kls]))
        charges = {}
        for i, capacity in enumerate(self.capacities(batch.progress)):
            if training:
                sign = ops.sign(ops.stop_gradient(batch_mean(kls[i])) - capacity)
                charge = sign * (kls[i] - capacity)
            else:
                charge = ops.full_like(kls[i], ops.abs(self.running_kl[i] - capacity))
            charges[f"kl_{KINDS[i]}_charged"] = (self.gamma, charge)
        return charges

    def _remember(self, means) -> None:
        rate = ops.maximum(KL_RATE, 1.0 / (self.running_steps + 1.0))
        self.running_kl.assign_add(rate * (means - self.running_kl))
        self.running_steps.assign_add(1.0)

    def objective(self, batch, out, player="model", training=False):
        loss, terms, watched = super().objective(batch, out, player, training=training)
        return loss, terms, watched | dict(zip(self.about, self.kls(out), strict=True))

    def sample_prior(self, n: int, seed: int):
        """[n, *code_shape]: standard normals, and even choices."""
        z, *rest = self.split(normal_draws(n, self.code_shape, seed=seed))
        choices = [categorical.one_hot_of_largest(normals) for normals in rest]
        return ops.concatenate([z, *choices], axis=-1)

    def log_prior(self, z):
        numbers = self.split(z)[0]
        constant = self._choices() * sum(math.log(count) for count in self.categories)
        return gaussian_log_prob(numbers, ops.zeros_like(numbers), 0.0) - constant

    def draw(self, out, epsilon):
        return self._drawn(out, epsilon)

    def split(self, code) -> list:
        """[..., code size] -> the numbers [..., latent_dim], and each choice [..., K]."""
        ends = np.cumsum([0, self.latent_dim, *self.categories])
        return [code[..., a:b] for a, b in itertools.pairwise(ends)]

    def _choices(self) -> int:
        """How many cells make each choice."""
        return math.prod(self.code_shape[:-1])


def _total(of_cells):
    """[B] or [B, h, w] -> [B]"""
    return of_cells if len(of_cells.shape) == 1 else sum_per_example(of_cells)
