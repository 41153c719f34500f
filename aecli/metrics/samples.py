"""How much new images are like real ones, without any network trained elsewhere."""

import dataclasses
import math
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, InstanceOf

from aecli.errors import NotApplicable
from aecli.metrics.base import MAX_VALUES, Evaluation, Figures, Metric
from aecli.metrics.bounds import is_binary
from aecli.metrics.classifier import trained_classifier
from aecli.metrics.frechet import frechet_distance
from aecli.metrics.neighbourhoods import manifold_figures
from aecli.quantity import HIGHER, LOWER, Quantity
from aecli.runs import sampling
from aecli.samplers.base import Sampler

FLOOR = "real images"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Samples(Metric):
    """New images against real ones, in the features of a classifier trained here.

    New images are the expected ones of new codes (sampling.new_codes); with binary data under a
    Bernoulli likelihood, draws. The floor is the same of as many training images that the
    classifier was not given.
    """

    section: ClassVar[str] = "samples"
    about: ClassVar[dict[str, Quantity]] = {
        "frechet_own_classifier": Quantity(
            "", LOWER, "less is better; of this classifier alone, and not FID"
        ),
        "precision": Quantity("", HIGHER, "share of the new images that look real"),
        "recall": Quantity("", HIGHER, "share of the real images that the new ones reach"),
        "density": Quantity(
            "", HIGHER, "how deep among the real images the new ones lie; 1: as real ones do"
        ),
        "coverage": Quantity("", HIGHER, "share of the real images with a new one near them"),
        "classifier_accuracy": Quantity("", HIGHER, "of the classifier on these images"),
    }

    n: Annotated[int, Field(ge=2, description="images compared, at most")] = 5000
    k: Annotated[int, Field(ge=1, description="neighbours, which make the size of a ball")] = 5
    steps: Annotated[int, Field(ge=1, description="of the classifier's training")] = 1000
    seed: Annotated[int, Field(ge=0, lt=2**31, description="of classifier and samples")] = 0
    sampler: InstanceOf[Sampler] | None = None

    def __call__(self, evaluation: Evaluation) -> Figures:
        made = evaluation.once(self, lambda: _Compared(self, evaluation))
        accuracy = made.classifier.accuracy(evaluation.target, evaluation.labels)
        return {**made.figures(made.new), "classifier_accuracy": accuracy}

    def baselines(self, evaluation: Evaluation) -> dict[str, Figures]:
        made = evaluation.once(self, lambda: _Compared(self, evaluation))
        return {FLOOR: made.figures(made.held_out)}

    def notes(self, evaluation: Evaluation) -> list[str]:
        made = evaluation.once(self, lambda: _Compared(self, evaluation))
        return [
            f"{made.count:,} images decoded from {made.origin}, against as many of this split",
            f"{FLOOR}: as many training images that the classifier was not given, the best to hope "
            f"for; it was trained on {made.trained_on:,}, seed {self.seed}",
        ]


class _Compared:
    """The classifier, and the features of real, held-out and new images: [count, D] each."""

    def __init__(self, metric: Samples, evaluation: Evaluation):
        run = evaluation.run
        most = max(1, MAX_VALUES // math.prod(run.splits.data_shape))
        _, train, labels = evaluation.labelled_training(most)
        order = np.random.default_rng(0).permutation(len(train))
        train, labels = train[order], labels[order]
        self.count = min(metric.n, len(evaluation.target), len(train) // 2)
        if self.count <= metric.k:
            raise NotApplicable(f"needs more than {metric.k} images to compare")
        real = evaluation.target[evaluation.some(self.count)]
        codes, origin = sampling.new_codes(run, self.count, metric.seed, metric.sampler)
        label = _as_often(run, self.count, metric.seed)
        new, self.origin = (
            run.model.decode(codes, label),
            f"codes of {origin.replace(chr(10), '; ')}",
        )
        if is_binary(real) and run.model.reconstruction_loss.is_of_binary_data:
            new = (np.random.default_rng(metric.seed).random(new.shape) < new).astype("float32")
            self.origin += ", each pixel drawn"
        self.k, self.trained_on = metric.k, len(train) - self.count
        self.classifier = trained_classifier(
            train[self.count :], labels[self.count :], metric.steps, metric.seed
        )
        images = (real, train[: self.count], new)
        self.real, self.held_out, self.new = map(self.classifier.features, images)

    def figures(self, features: np.ndarray) -> Figures:
        distance = frechet_distance(self.real, features)
        near = manifold_figures(self.real, features, self.k)
        return {"frechet_own_classifier": distance, **near}


def _as_often(run, n: int, seed: int) -> np.ndarray | None:
    """Labels [n] as often as the training images have them; None without labels."""
    labels = run.splits.train.labels
    return None if labels is None else np.random.default_rng(seed).choice(labels, n)
