"""How much new images are like real ones, in the features of a network that is stated."""

import dataclasses
import functools
import math
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field, InstanceOf

from aecli.errors import NotApplicable
from aecli.io import request
from aecli.metrics import feature_network
from aecli.metrics.base import MAX_VALUES, Evaluation, Figures, Metric
from aecli.metrics.bounds import is_binary
from aecli.metrics.classifier import Classifier
from aecli.metrics.kept_classifier import kept_classifier
from aecli.metrics.likeness import Likeness, likeness
from aecli.quantity import HIGHER, LOWER, Quantity
from aecli.runs import Run, sampling
from aecli.samplers.base import Sampler

FLOOR = "real images"
LEAST = 4  # images, of which half may be left out for a standard error
OWN = "_own_classifier"  # of a distance's name, where its features are of no file
DISTANCES = {
    "frechet": "less is better; it is no FID",
    "kid": "less is better, about 0 for real images",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Samples(Metric):
    """New images against real ones, in the features of a classifier trained here, or of a file.

    New images are the expected ones of new codes (sampling.new_codes); with binary data under a
    Bernoulli likelihood, draws. The floor is the same of as many training images that the
    classifier was not given.
    """

    section: ClassVar[str] = "samples"
    about: ClassVar[dict[str, Quantity]] = {
        **{
            f"{name}{end}": Quantity("", LOWER, meaning)
            for end in (OWN, "")
            for name, meaning in DISTANCES.items()
        },
        "precision": Quantity("", HIGHER, "share of the new images that look real"),
        "recall": Quantity("", HIGHER, "share of the real images that the new ones reach"),
        "density": Quantity(
            "", HIGHER, "how deep among the real images the new ones lie; 1: as real ones do"
        ),
        "coverage": Quantity("", HIGHER, "share of the real images with a new one near them"),
        "classifier_accuracy": Quantity("", "", "of the classifier on these images"),
        "images_compared": Quantity("", "", "new images, and as many real ones"),
    }

    n: Annotated[int, Field(ge=2, description="images compared, at most")] = 5000
    k: Annotated[int, Field(ge=1, description="neighbours, which make the size of a ball")] = 5
    subsets: Annotated[int, Field(ge=2, le=1000, description="left out in turn, for errors")] = 20
    features: Annotated[str | None, Field(description="an .onnx file")] = None
    steps: Annotated[int, Field(ge=1, description="of the classifier's training")] = 1000
    seed: Annotated[int, Field(ge=0, lt=2**31, description="of classifier and samples")] = 0
    sampler: InstanceOf[Sampler] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.features is not None:  # is told before a training, not after it
            feature_network.read(self.features, f"{self.group}.features")

    def __call__(self, evaluation: Evaluation) -> Figures:
        made = self._compared(evaluation)
        figures = {**made.new.figures, "images_compared": made.count}
        if isinstance(made.network, Classifier):
            accuracy = made.network.accuracy(evaluation.target, evaluation.labelled())
            figures["classifier_accuracy"] = accuracy
        return figures

    def quantities(self, evaluation: Evaluation) -> dict[str, Quantity]:
        """A distance says of which features it is: of others it is another quantity."""
        told = f"; of the features {self._compared(evaluation).network.fingerprint} alone"
        distances = {
            name: dataclasses.replace(one, meaning=one.meaning + told)
            for name, one in self.about.items()
            if name.removesuffix(OWN) in DISTANCES
        }
        return self.about | distances

    def baselines(self, evaluation: Evaluation) -> dict[str, Figures]:
        return {FLOOR: self._compared(evaluation).real_ones.figures}

    def notes(self, evaluation: Evaluation) -> list[str]:
        made = self._compared(evaluation)
        bias, of_real = made.new.frechet_bias, made.real_ones.frechet_bias
        unseen = " that the classifier was not given" * isinstance(made.network, Classifier)
        return [
            f"{made.count:,} images decoded from {made.origin}, against as many of this split",
            f"{FLOOR}: as many training images{unseen}, the best to hope for",
            f"features {made.network.fingerprint}: of {made.network.origin}",
            f"s.e.: of the choice of the images, by leaving out each of {made.subsets} subsets",
            f"a Frechet distance of {made.count:,} images is too high, this one by about "
            f"{bias:.2g}, that of {FLOOR} by {of_real:.2g}; kid is not",
        ]

    def _compared(self, evaluation: Evaluation) -> "_Compared":
        return evaluation.once(self, lambda: _Compared(self, evaluation))


class _Compared:
    """The network, and the likeness of new and of held-out images to real ones, `count` of each."""

    def __init__(self, metric: Samples, evaluation: Evaluation):
        run, is_own = evaluation.run, metric.features is None
        most = max(1, MAX_VALUES // math.prod(run.splits.data_shape))
        asked = evaluation.labelled_training if is_own else evaluation.training
        _, train, labels = asked(most)
        order = np.random.default_rng(0).permutation(len(train))
        train = train[order]
        self.count = min(metric.n, len(evaluation.target), len(train) // (1 + is_own))
        if self.count <= (least := max(metric.k, LEAST - 1)):
            raise NotApplicable(f"needs more than {least} images to compare")
        real = evaluation.target[evaluation.some(self.count)]
        new, self.origin = _new(metric, run, real)
        images = [real, train[: self.count], new]
        if metric.features is None:
            rest = slice(self.count, None)
            assert labels is not None  # they were asked for
            self.network = kept_classifier(
                train[rest], labels[order][rest], metric.steps, metric.seed
            )
        else:
            self.network = feature_network.read(metric.features, "metrics.features")
            images = [_in_unit_range(run, x) for x in images]
        self._real, self._held_out, features = map(self.network.features, images)
        self.subsets = min(metric.subsets, self.count)
        self._settings = {"k": metric.k, "subsets": self.subsets, "end": OWN * is_own}
        self.new = likeness(self._real, features, **self._settings)

    @functools.cached_property
    def real_ones(self) -> Likeness:
        return likeness(self._real, self._held_out, **self._settings)


def _new(metric: Samples, run: Run, real: np.ndarray) -> tuple[np.ndarray, str]:
    """As many new images as real ones [N, H, W, C], and in words where they come from."""
    n = len(real)
    codes, origin = sampling.new_codes(run, n, metric.seed, metric.sampler)
    new = run.model.decode(codes, _as_often(run, n, metric.seed))
    origin = f"codes of {origin.replace(chr(10), '; ')}"
    if is_binary(real) and run.model.reconstruction_loss.is_of_binary_data:
        drawn = np.random.default_rng(metric.seed).random(new.shape) < new
        return drawn.astype("float32"), f"{origin}, each pixel drawn"
    return new, origin


def _in_unit_range(run: Run, x: np.ndarray) -> np.ndarray:
    """Images [N, H, W, C] as the model has them -> in [0, 1], where a picture would cut them.

    What is stored in another range is scaled by that of the training's. Raises NotApplicable.
    """
    if not run.spec.is_image:
        raise NotApplicable("features=... is a network of images, and these are none")
    x, (low, high) = request.in_file_units(run, x)
    if low < 0 or high > 1:
        x = (x - low) / (high - low)
    return np.clip(x, 0, 1)


def _as_often(run: Run, n: int, seed: int) -> np.ndarray | None:
    """Labels [n] as often as the training images have them; None without labels."""
    labels = run.splits.train.labels
    return None if labels is None else np.random.default_rng(seed).choice(labels, n)
