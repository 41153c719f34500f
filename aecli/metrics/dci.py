"""Disentanglement, completeness, informativeness (Eastwood & Williams 2018)."""

import dataclasses
from typing import ClassVar, Literal, get_args

from aecli.metrics.base import Evaluation, Figures
from aecli.metrics.disentanglement import dci
from aecli.metrics.disentanglement.of_run import Count, FactorMetric, two_samples
from aecli.metrics.disentanglement.represented import Represented
from aecli.quantity import HIGHER, LOWER, Quantity

Predictor = Literal["boosted", "histogram", "forest", "lasso"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class DCI(FactorMetric):
    """Whether a code unit counts for one factor, a factor for one unit, and how well they tell it.

    By how much each unit counts in a prediction of each factor from all units, fitted to n images
    and judged by n_test. predictor=boosted: gradient-boosted trees, a classifier a factor, as
    disentanglement_lib; informativeness is their accuracy. histogram: the same by quantiles of the
    codes, in a tenth of the time. forest, lasso: regressions of factors taken as numbers, as in the
    paper; dci_nrmse is their error, 1 for guessing the mean.

    Ambiguous: which predictor; the paper tunes a forest's depth. The trees of disentanglement_lib
    have no seed, and its variables call the accuracy an error. Slow: a tree for each value and
    round.
    """

    about: ClassVar[dict[str, Quantity]] = {
        "dci_disentanglement": Quantity("", HIGHER, "whether a unit counts for one factor, of 1"),
        "dci_completeness": Quantity("", HIGHER, "whether one unit counts for a factor, of 1"),
        "dci_informativeness": Quantity(
            "", HIGHER, "accuracy of the factors' prediction from the code"
        ),
        "dci_nrmse": Quantity("", LOWER, "error of that prediction, 1 for guessing the mean"),
    }

    n: Count = 10_000
    n_test: Count = 5_000
    predictor: Predictor = "boosted"

    def notes(self, evaluation: Evaluation) -> list[str]:
        others = [name for name in get_args(Predictor) if name != self.predictor]
        told = f"dci: metrics.dci.predictor={self.predictor}; others: {', '.join(others)}"
        return [*super().notes(evaluation), told]

    def score(self, of: Represented) -> Figures:
        train, test = two_samples(of, self.n, self.n_test, self.rng())
        if self.predictor in ("boosted", "histogram"):
            is_histogram = self.predictor == "histogram"
            importances, accuracy = dci.boosted(train, test, is_histogram, self.seed)
            told: Figures = {"dci_informativeness": accuracy}
        else:
            is_forest = self.predictor == "forest"
            importances, error = dci.regressed(train, test, is_forest, self.seed)
            told = {"dci_nrmse": error}
        return {
            "dci_disentanglement": dci.disentanglement(importances),
            "dci_completeness": dci.completeness(importances),
            **told,
        }
