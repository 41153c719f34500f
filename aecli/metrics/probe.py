"""How much the codes know of the labels."""

import dataclasses
from typing import Annotated, ClassVar

from pydantic import Field

from aecli.metrics.base import Evaluation, Figures, Metric
from aecli.metrics.probing import probe_accuracy
from aecli.quantity import HIGHER, Quantity


@dataclasses.dataclass(frozen=True, kw_only=True)
class Probe(Metric):
    """Accuracy of simple classifiers on the codes, fitted on those of training images."""

    section: ClassVar[str] = "codes"
    about: ClassVar[dict[str, Quantity]] = {
        "logistic_accuracy": Quantity("", HIGHER, "of logistic regression on the codes"),
        "knn_accuracy": Quantity("", HIGHER, "of the 5 nearest neighbours by code"),
    }

    n: Annotated[int, Field(ge=2, description="training images, at most")] = 10_000
    seed: Annotated[int, Field(ge=0, lt=2**32, description="of logistic regression")] = 0

    def __call__(self, evaluation: Evaluation) -> Figures:
        x, _, known = evaluation.labelled_training(self.n)
        codes = evaluation.run.model.encode(x, label=known)
        labels = evaluation.labelled()
        return {**probe_accuracy(codes, known, evaluation.codes, labels, self.seed)}

    def baselines(self, evaluation: Evaluation) -> dict[str, Figures]:
        x, _, known = evaluation.labelled_training(self.n)
        codes, pca_codes = evaluation.pca.transform(x.reshape(len(x), -1)), evaluation.pca_codes
        figures = probe_accuracy(codes, known, pca_codes, evaluation.labelled(), self.seed)
        return {evaluation.pca_name: {**figures}}

    def notes(self, evaluation: Evaluation) -> list[str]:
        count = min(self.n, len(evaluation.run.splits.train))
        notes = [f"accuracies: fitted to the codes of {count:,} training images, tested on these"]
        if evaluation.run.model.label_count is not None:
            notes.append("the encoder is told the label of each image, of these too")
        return notes
