"""Explicitness (Ridgeway & Mozer 2018)."""

import dataclasses
from typing import ClassVar, Literal

from aecli.metrics.base import Figures
from aecli.metrics.disentanglement import explicitness
from aecli.metrics.disentanglement.of_run import Count, FactorMetric, two_samples
from aecli.metrics.disentanglement.represented import Represented
from aecli.quantity import HIGHER, Quantity


@dataclasses.dataclass(frozen=True, kw_only=True)
class Explicitness(FactorMetric):
    """How well linear classifiers tell each value of each factor from the code: the mean AUROC.

    Logistic regression on standardised codes, fitted to n images, judged by n_test; 0.5 by chance.
    It says nothing of mixing: any invertible linear map of the codes keeps it, but for the penalty.

    Ambiguous: disentanglement_lib has scikit-learn's default of several classes, which became
    multinomial in its version 0.22, and the AUROC of probabilities that were made to sum to 1. The
    paper has one classifier a value, which a value in the middle defeats where the code follows the
    factor linearly: the true factors score far below 1.
    """

    about: ClassVar[dict[str, Quantity]] = {
        "explicitness": Quantity("", HIGHER, "AUROC of a factor's value, of 1; 0.5 by chance")
    }

    n: Count = 10_000
    n_test: Count = 5_000
    classifier: Literal["one_vs_rest", "multinomial"] = "one_vs_rest"

    def score(self, of: Represented) -> Figures:
        train, test = two_samples(of, self.n, self.n_test, self.rng())
        is_multinomial = self.classifier == "multinomial"
        found = explicitness.aurocs(train, test, is_multinomial, self.seed)
        return {"explicitness": float(found.mean())}
