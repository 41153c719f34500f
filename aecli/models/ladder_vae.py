"""The ladder VAE: a code of several levels, each the prior of the one below."""

from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

import keras
from keras import ops
from pydantic import Field

from aecli import limits
from aecli.divergences import (
    gaussian_kl_between_units,
    gaussian_log_prob,
    merged_gaussians,
)
from aecli.models.base import LatentDim
from aecli.models.draws import normal_draws
from aecli.models.levels import Levels
from aecli.networks.base import Heads, Width
from aecli.networks.mlp import MLP
from aecli.serial import register


@register
class LadderVAE(Levels):
    """loss = reconstruction + beta * sum over levels i of KL( q(z_i|x, z_i+1) || p(z_i|z_i+1) ).

    The decoder is given the lowest level alone, z_1 of latent_dim units; upper_dims are the sizes
    of z_2 .. z_L. The prior of z_L is N(0, I), that of each level below it a Gaussian that a
    top-down network makes of the level above. Bottom-up, the encoder and a network a level make a
    Gaussian for each level of x alone: q at the top, and below it merged with the level's prior,
    weighted by precision (Soenderby 2016, eq. 18 and 19). Without upper levels it is the VAE.

    Outside, a code is flat: z_1 .. z_L in a row; `levels` says where each is. Terms: kl_1 .. kl_L,
    exact given the draw of the level above. level_widths: the hidden layers between two levels, up
    and down, with the network's activation.
    """

    keeps_measure: ClassVar[tuple[str, ...]] = ("upper_dims", "level_widths")

    latent_dim: LatentDim = 32
    flat: Literal[True] = True
    upper_dims: Annotated[list[Width], Field(max_length=15)] = [8]
    level_widths: Annotated[list[Width], Field(min_length=1, max_length=16)] = [128]

    def assemble(self):
        super().assemble()
        sizes = self._sizes()
        self.in_a_row(sizes)
        look = {key: getattr(self.network, key) for key in ("activation", "negative_slope")}
        first, *deeper = self.level_widths
        up, down = (MLP(widths=widths, **look) for widths in (deeper, self.level_widths))
        with limits.at_most():
            self.up = [
                _named(up.encoder((first,), self._heads(i), True), f"up_{i + 1}")
                for i in range(1, len(sizes))
            ]
            self.down = [
                _named(down.encoder((above,), self.posterior.heads(size), True), f"down_{i + 1}")
                for i, (size, above) in enumerate(pairwise(sizes))
            ]

    def heads(self):
        return self._heads(0)

    def decoder_shape(self):
        return (self.latent_dim,)

    def decoder_input(self, z, label=None):
        return z[:, : self.latent_dim]

    def decoded_units(self):
        return range(self.latent_dim)

    def level_count(self):
        return len(self._sizes())

    def infer(self, batch, training=False):
        """Also "bottom_up", of each level mean and log_var, and "kl_of_units" [B, code size]."""
        x = self.encoder_input(batch.x, batch.label)
        bottom_up = [self.encoder(x, training=training)]
        for network in self.up:
            bottom_up.append(network(bottom_up[-1]["up"], training=training))
        return self._descend(bottom_up, batch.draws.get("z"), training=training)

    def log_prior(self, z):
        codes = [z[:, level] for level in self.levels.values()]
        total = super().log_prior(codes[-1])
        for i, network in enumerate(self.down):
            prior = network(codes[i + 1])
            total = total + gaussian_log_prob(codes[i], prior["mean"], prior["log_var"])
        return total

    def sample_prior(self, n: int, seed: int):
        """[n, *code_shape], from the highest level down to the lowest."""
        epsilon = normal_draws(n, self.code_shape, seed=seed)
        codes = [epsilon[:, level] for level in self.levels.values()]
        for i in reversed(range(len(self.down))):
            prior = self.down[i](codes[i + 1])
            codes[i], _ = self.posterior_layer.draw(prior, codes[i])
        return ops.concatenate(codes, axis=1)

    def draw(self, out, epsilon):
        drawn = self._descend(out["bottom_up"], epsilon)
        return drawn["z"], drawn["log_q"]

    def _sizes(self) -> list[int]:
        return [self.latent_dim, *self.upper_dims]

    def _heads(self, i: int):
        """What level i has bottom-up; where there is one above it, what that is made from, too."""
        size, *above = self._sizes()[i:]
        up: Heads = {"up": (self.level_widths[0], self.network.activation)} if above else {}
        return self.posterior.heads(size) | up

    def _descend(self, bottom_up, epsilon=None, training=False):
        """From the highest level down: codes, with epsilon drawn ones, and the KL of each unit."""
        levels, top = list(self.levels.values()), len(self.down)
        z, units, log_q = [None] * len(levels), [None] * len(levels), 0.0
        for i in range(top, -1, -1):
            q = bottom_up[i]["mean"], bottom_up[i]["log_var"]
            if i == top:
                units[i] = self.prior_layer.kl_of_gaussian(*q)
            else:
                heads = self.down[i](z[i + 1], training=training)
                prior = heads["mean"], heads["log_var"]
                q = merged_gaussians(*q, *prior)
                units[i] = gaussian_kl_between_units(*q, *prior)
            z[i] = q[0]
            if epsilon is not None:
                heads: dict[str, Any] = dict(zip(("mean", "log_var"), q, strict=True))
                drawn = self.posterior_layer.draw(heads, epsilon[:, levels[i]], self.epsilon_std)
                z[i], log_q = drawn[0], log_q + drawn[1]
        code, units = (ops.concatenate(parts, axis=1) for parts in (z, units))
        out = {"z": code, "kl_of_units": units, "bottom_up": bottom_up}
        return out if epsilon is None else out | {"log_q": log_q}


def _named(network: keras.Model, name: str) -> keras.Model:
    """An export has them all in one model, where names are unique."""
    return type(network)(network.input, network.output, name=name)
