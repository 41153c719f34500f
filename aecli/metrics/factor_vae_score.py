"""The score of the FactorVAE paper (Kim & Mnih 2018)."""

import dataclasses
from typing import Annotated, ClassVar

from pydantic import Field

from aecli.metrics.base import Figures
from aecli.metrics.disentanglement import factor_vae
from aecli.metrics.disentanglement.of_run import Count, FactorMetric
from aecli.metrics.disentanglement.represented import Represented
from aecli.quantity import HIGHER, Quantity


@dataclasses.dataclass(frozen=True, kw_only=True)
class FactorVAEScore(FactorMetric):
    """How often the code that varies least tells which factor is fixed, by a majority vote.

    A vote is of `size` images that share a factor; a code's variance among them is taken as a share
    of its variance over n_variance images. n votes say which factor each code stands for, n_test
    are counted. Counts and threshold are disentanglement_lib's (its configs).

    Ambiguous: the threshold that leaves collapsed codes out is in the codes' own unit. Codes that
    none of n votes chose count for the first factor, as there. Another code for the same factor
    costs nothing.
    """

    about: ClassVar[dict[str, Quantity]] = {
        "factor_vae_score": Quantity(
            "", HIGHER, "how often the code that varies least tells which factor is fixed"
        ),
        "factor_vae_active": Quantity("", "", "code units that vary enough to have a vote"),
    }

    n: Count = 10_000
    n_test: Count = 5_000
    n_variance: Count = 10_000
    size: Annotated[int, Field(ge=2, description="images a vote")] = 64
    threshold: Annotated[
        float, Field(ge=0, description="standard deviation, below which a unit has no vote")
    ] = 0.05

    def score(self, of: Represented) -> Figures:
        score, active = factor_vae.score(
            of, self.n, self.n_test, self.size, self.n_variance, self.threshold, self.rng()
        )
        return {"factor_vae_score": score, "factor_vae_active": active}
