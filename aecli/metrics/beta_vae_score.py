"""The score of the beta-VAE paper (Higgins 2017)."""

import dataclasses
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from aecli.metrics.base import Figures
from aecli.metrics.disentanglement import beta_vae
from aecli.metrics.disentanglement.of_run import Count, FactorMetric
from aecli.metrics.disentanglement.represented import Represented
from aecli.quantity import HIGHER, Quantity


@dataclasses.dataclass(frozen=True, kw_only=True)
class BetaVAEScore(FactorMetric):
    """Accuracy of a linear classifier that says which factor two images share.

    A point is the mean over `pairs` pairs of images, all with one factor in common, of the absolute
    difference of their codes; logistic regression learns the factor from n points and is judged by
    n_test. 1/K by chance. Counts and L2 penalty are disentanglement_lib's.

    Ambiguous: that took scikit-learn's defaults, which were one classifier against the rest each
    and became multinomial in its version 0.22; the paper's classifier is another yet. The penalty
    knows the scale of the codes. A rotation among codes that one factor moves costs nothing.
    """

    about: ClassVar[dict[str, Quantity]] = {
        "beta_vae_score": Quantity(
            "", HIGHER, "how often two images tell which factor they share, 1/factors by chance"
        )
    }

    n: Count = 10_000
    n_test: Count = 5_000
    pairs: Annotated[int, Field(ge=1, description="pairs of images a point")] = 64
    classifier: Literal["multinomial", "one_vs_rest"] = "multinomial"

    def score(self, of: Represented) -> Figures:
        rng = self.rng()
        train, test = (
            beta_vae.differences(of, count, self.pairs, rng) for count in (self.n, self.n_test)
        )
        is_one_vs_rest = self.classifier == "one_vs_rest"
        return {"beta_vae_score": beta_vae.score(train, test, is_one_vs_rest, self.seed)}
