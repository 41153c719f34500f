"""A small VAE of residual groups: codes from coarse to fine, each group given those before."""

import math
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

from keras import ops
from pydantic import Field

from aecli import limits
from aecli.divergences import gaussian_kl_between_units, gaussian_log_prob
from aecli.models.base import LatentDim
from aecli.models.draws import normal_draws
from aecli.models.levels import Levels
from aecli.networks import residual_groups
from aecli.networks.base import Heads
from aecli.serial import register

BOUND = 5.0  # of means and log deviations: NVAE's soft clamp

Groups = Annotated[list[Annotated[int, Field(ge=1, le=64)]], Field(min_length=1, max_length=4)]


@register
class NVAESmall(Levels):
    """loss = reconstruction + beta * sum over groups i of KL( q(z_i|x, z_<i) || p(z_i|z_<i) ).

    A map goes top-down from a learnt one; each group reads its prior from it, draws its codes and
    adds them to it (Vahdat & Kautz 2020; Child 2021). q is the prior, moved by what a network makes
    of the map and of the encoder's features: N(m_p + dm, exp(log s_p + ds)), so that dm = ds = 0
    costs nothing (Vahdat & Kautz, section 3.2). Means and log deviations are bounded softly, at 5.

    groups: how many at each resolution, the coarsest first; the last is that of the network's
    feature maps, each one before it half as large. Outside, a code is flat: z_1, the first drawn,
    to z_L in a row; `levels` says where each is, `grids` its shape. Terms: kl_1 .. kl_L, exact
    given the draws before.
    """

    keeps_measure: ClassVar[tuple[str, ...]] = ("groups", "width")

    latent_dim: LatentDim = 4
    flat: Literal[False] = False
    groups: Groups = [2, 2]
    width: Annotated[int, Field(ge=1, le=2**12, description="channels of the map")] = 32

    def assemble(self):
        super().assemble()
        self.map_shape, act = self.code_shape, self.network.activation
        maps = [self.map_shape]  # from fine to coarse
        for _ in self.groups[1:]:
            maps.append((*(math.ceil(side / 2) for side in maps[-1][:2]), self.width))
        self.maps = maps[::-1]
        of_group = [m for m, n in zip(self.maps, self.groups, strict=True) for _ in range(n)]
        self.grids = [(*shape[:2], self.latent_dim) for shape in of_group]
        self.in_a_row([math.prod(grid) for grid in self.grids])
        limits.count(math.prod(self.maps[0]))
        self.top = self.add_weight(self.maps[0], "glorot_uniform", name="top")
        count, size = len(of_group), self.latent_dim
        with limits.at_most():
            self.down = [
                residual_groups.halving(shape, act, f"down_{i + 1}")
                for i, shape in enumerate(maps[:-1])
            ]
            self.up = [
                residual_groups.doubling(shape, finer[:2], f"up_{i + 1}")
                for i, (shape, finer) in enumerate(pairwise(self.maps))
            ]
            self.priors, self.posteriors, self.merges = [], [], []
            for i, shape in enumerate(of_group):
                both = (*shape[:2], 2 * self.width)
                name = f"group_{i + 1}"
                self.priors.append(residual_groups.gaussian(shape, size, act, f"{name}_prior"))
                self.posteriors.append(residual_groups.gaussian(both, size, act, f"{name}_q"))
                self.merges.append(residual_groups.merged(shape, size, act, count, name))

    def heads(self) -> Heads:
        return {"up": (self.width, "linear")}

    def decoder_shape(self):
        return getattr(self, "map_shape", self.code_shape)

    def decoder_input(self, z, label=None):
        return self._descend(z, codes=z)["map"]

    def level_count(self):
        return sum(self.groups)

    def infer(self, batch, training=False):
        """Also "features", from coarse to fine, "map", and "kl_of_units" [B, code size]."""
        features = [self.encoder(self.encoder_input(batch.x, batch.label), training=training)["up"]]
        for network in self.down:
            features.append(network(features[-1], training=training))
        return self._descend(batch.x, features[::-1], epsilon=batch.draws.get("z"))

    def forward(self, batch, training=False):
        out, given = self.infer(batch, training=training), self.told(batch, training)
        seen = self.beside_label(out["map"], batch.label)
        params = self.network.decoded(self.decoder, seen, given=given, training=training)
        return {"params": params, **out}

    def log_prior(self, z):
        priors, levels = self._descend(z, codes=z)["priors"], self.levels.values()
        return sum(
            gaussian_log_prob(z[:, level], p["mean"], p["log_var"])
            for level, p in zip(levels, priors, strict=True)
        )

    def sample_prior(self, n: int, seed: int):
        """[n, *code_shape], group by group."""
        epsilon = normal_draws(n, self.code_shape, seed=seed)
        return self._descend(epsilon, epsilon=epsilon)["z"]

    def draw(self, out, epsilon):
        drawn = self._descend(epsilon, out["features"], epsilon=epsilon)
        return drawn["z"], drawn["log_q"]

    def _descend(self, like, features=None, codes=None, epsilon=None) -> dict[str, Any]:
        """From the learnt map down: of q where there are features, of p else; or given codes.

        like: any [B, ...]. features: from coarse to fine. epsilon: [B, code size]; without it and
        without codes, codes are the means. priors: the heads of p of each group.
        """
        none = ops.zeros_like(ops.reshape(like, (-1, math.prod(like.shape[1:])))[:, :1])
        h = ops.reshape(none, (-1, 1, 1, 1)) + ops.convert_to_tensor(self.top)
        levels, drawn, units, priors, log_q = [*self.levels.values()], [], [], [], 0.0
        resolution = [r for r, count in enumerate(self.groups) for _ in range(count)]
        for i, grid in enumerate(self.grids):
            if i and resolution[i] > resolution[i - 1]:
                h = self.up[resolution[i - 1]](h)
            raw = self.priors[i](h)
            p = q = self._heads_of(raw)
            if features is not None:
                seen = ops.concatenate([h, ops.cast(features[resolution[i]], h.dtype)], axis=-1)
                q = self._heads_of(raw + self.posteriors[i](seen))
                prior = p["mean"], p["log_var"]
                units.append(gaussian_kl_between_units(q["mean"], q["log_var"], *prior))
            if codes is not None:
                z = codes[:, levels[i]]
            elif epsilon is None:
                z = q["mean"]
            else:
                noise = epsilon[:, levels[i]]
                z, of_group = self.posterior_layer.draw(q, noise, self._scale(features))
                log_q = log_q + of_group
            priors.append(p)
            drawn.append(z)
            h = self.merges[i]([h, ops.reshape(z, (-1, *grid))])
        out = {"z": ops.concatenate(drawn, axis=1), "map": h, "priors": priors}
        if features is not None:
            out |= {"features": features, "kl_of_units": ops.concatenate(units, axis=1)}
        return out if epsilon is None else out | {"log_q": log_q}

    def _scale(self, features) -> float:
        return 1.0 if features is None else self.epsilon_std

    def _heads_of(self, raw):
        """Means and log deviations [B, h, w, 2 * latent_dim] -> bounded and flat, as heads."""
        bounded = BOUND * ops.tanh(raw / BOUND)
        size = math.prod(raw.shape[1:]) // 2
        mean, log_std = (ops.reshape(part, (-1, size)) for part in ops.split(bounded, 2, axis=-1))
        return {"mean": mean, "log_var": 2.0 * log_std}
