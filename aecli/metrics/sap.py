"""The separated attribute predictability (Kumar 2018)."""

import dataclasses
from typing import ClassVar, Literal

from aecli.metrics.base import Figures
from aecli.metrics.disentanglement import sap
from aecli.metrics.disentanglement.of_run import Count, FactorMetric, two_samples
from aecli.metrics.disentanglement.represented import Represented
from aecli.quantity import HIGHER, Quantity


@dataclasses.dataclass(frozen=True, kw_only=True)
class SAP(FactorMetric):
    """Mean over factors of the best minus the second best score of one code unit alone.

    factors=discrete: the accuracy on n_test images of a linear support vector machine fitted to n
    (C = 0.01, balanced classes). continuous: the squared correlation over n images, of factors
    taken as numbers.

    Ambiguous: C = 0.01 means something else for codes of another scale, and the intercept is part
    of what it shrinks; scaled=true brings each unit to the variance 1 first. With many values a
    linear threshold tells few of them apart: the true factors score far below 1.
    """

    about: ClassVar[dict[str, Quantity]] = {
        "sap": Quantity("", HIGHER, "gap of the two units that predict a factor best, each alone")
    }

    n: Count = 10_000
    n_test: Count = 5_000
    factors: Literal["discrete", "continuous"] = "discrete"
    scaled: bool = False

    def score(self, of: Represented) -> Figures:
        train, test = two_samples(of, self.n, self.n_test, self.rng())
        if self.factors == "discrete":
            scores = sap.accuracies(train, test, self.scaled, self.seed)
        else:
            scores = sap.explained(*train)
        return {"sap": float(sap.gaps(scores).mean())}
