"""What VAEs of several levels share: one flat code outside, a KL for each level."""

from itertools import accumulate, pairwise
from typing import Annotated

from pydantic import Field

from aecli.divergences import sum_per_example
from aecli.errors import NotApplicable
from aecli.latents.posteriors.gaussian import Gaussian
from aecli.latents.priors.standard import Standard
from aecli.models.batch import Batch
from aecli.models.vae import VAE


class Levels(VAE):
    """A VAE whose code is z_1 .. z_L in a row; the terms kl_1 .. kl_L are exact given the draws.

    A variant says how large each level is, and its infer gives "kl_of_units" [B, code size].
    """

    has_quantiles = False  # pyright: ignore[reportAssignmentType]  # a property of VAE
    may_charge_otherwise = False

    epsilon_std: Annotated[float, Field(gt=0, description="scale of the sampling noise")] = 1.0
    posterior: Gaussian = Gaussian()
    prior: Standard = Standard()

    def in_a_row(self, sizes: list[int]) -> None:
        """State where each level is in the code: levels {name: slice}, code_shape."""
        ends = [0, *accumulate(sizes)]
        self.levels = {f"z_{i + 1}": slice(*pair) for i, pair in enumerate(pairwise(ends))}
        self.code_shape = (ends[-1],)

    def level_count(self) -> int:
        """L, known before the layers are."""
        raise NotImplementedError

    def term_names(self):
        return ["reconstruction", *(f"kl_{i + 1}" for i in range(self.level_count()))]

    def penalties(self, batch, out, training=False):
        weight, units = self.weight_at(batch.progress), out["kl_of_units"]
        terms = [sum_per_example(units[:, level]) for level in self.levels.values()]
        return {f"kl_{i + 1}": (weight, term) for i, term in enumerate(terms)}

    def prior_quantiles(self, p):
        raise NotApplicable("the units of several levels are not alike: take model=vae")

    @property
    def has_gaussian_posterior(self):
        return False  # but for the draws of the levels before

    def kl_of_units(self, x, label=None):
        """As in the loss: given frozen draws of the levels that are drawn before."""

        def step(a):
            batch = Batch(a["x"], a["x"], a["draws"], label=a.get("label"))
            return self.infer(batch)["kl_of_units"]

        arrays = {"x": x, "draws": self.frozen_draws(len(x)), **self.labels(label, len(x))}
        return self._map("kl_of_units", step, arrays)
