"""The loss and its terms, in nats an image."""

import dataclasses

from aecli.metrics.base import Evaluation, Figures, Metric
from aecli.quantity import Quantity


@dataclasses.dataclass(frozen=True, kw_only=True)
class Objective(Metric):
    """Means over the images of the loss and of each term (unweighted), draws frozen."""

    def __call__(self, evaluation: Evaluation) -> Figures:
        return {
            name: float(values.mean(dtype="float64")) for name, values in evaluation.scores.items()
        }

    def quantities(self, evaluation: Evaluation) -> dict[str, Quantity]:
        return evaluation.run.model.quantities()
