"""How well a run that knows some classes alone tells the others."""

import dataclasses
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from aecli.errors import NotApplicable
from aecli.io import every_class
from aecli.io.given import Images
from aecli.metrics.base import Evaluation, Figures, Metric
from aecli.metrics.detection import baselines
from aecli.metrics.detection.scores import SEPARATION, scored, separation
from aecli.quantity import Quantity


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outliers(Metric):
    """Of the model's own score, as in aecli detect; for a run with dataset.classes."""

    section: ClassVar[str] = "anomalies"
    about: ClassVar[dict[str, Quantity]] = SEPARATION

    seed: Annotated[int, Field(ge=0, lt=2**32, description="of the isolation forest")] = 0

    def __call__(self, evaluation: Evaluation) -> Figures:
        images, anomalous = evaluation.once(self, lambda: _every_class(evaluation))
        run = evaluation.run
        scores = scored(run, images.x, run.model.own_score, images.excess, images.labels)
        return separation(scores, anomalous)

    def baselines(self, evaluation: Evaluation) -> dict[str, Figures]:
        images, anomalous = evaluation.once(self, lambda: _every_class(evaluation))
        return baselines.baselines(evaluation.run, images.whole, anomalous, None, self.seed)


def _every_class(evaluation: Evaluation) -> tuple[Images, np.ndarray]:
    """-> clean images of every class, and which are of none that was trained on: [N] bool."""
    run = evaluation.run
    if run.model.label_count is not None:
        raise NotApplicable("needs a model that is told no labels: it knows none of other classes")
    if run.config.dataset.get("classes") is None:
        raise NotApplicable("needs a run of some classes alone, as experiment=anomaly_mnist")
    images = every_class.images(run, every_class.read(run, None, evaluation.split))
    assert images.labels is not None  # dataset.classes has chosen by them
    anomalous = ~np.isin(images.labels, np.unique(run.splits.train.needed_labels()))
    if not anomalous.any() or anomalous.all():
        raise NotApplicable("needs images of other classes in the data: there are none")
    return images, anomalous
