"""Metric, and the evaluation that all metrics of one split share."""

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from aecli.component import Component
from aecli.errors import NotApplicable, OfOtherData
from aecli.metrics import baselines
from aecli.quantity import Quantity
from aecli.runs import Run

MAX_VALUES = 80_000_000  # pixels that are evaluated at most: 100,000 images of 28x28
ERROR = "_se"  # a figure's name with this ending is the standard error of the one without
Figures = dict[str, float | None]


class Evaluation:
    """A run on one split, or on the first images of it where it has more than MAX_VALUES pixels.

    x, target: [N, H, W, C] float32; labels: [N] or None.
    """

    def __init__(self, run: Run, split: str = "test"):
        self.run, self.split = run, split
        n = max(1, MAX_VALUES // math.prod(run.splits.data_shape))
        self.x, self.target, self.labels = run.examples(split, n=n)

    @property
    def data_range(self) -> tuple[float, float]:
        """(lowest, highest) value of the training's data, as the model sees them."""
        return self.run.data_range

    @functools.cached_property
    def reconstruction(self) -> np.ndarray:
        """[N, H, W, C], what is compared with target."""
        return self.run.model.reconstruct(self.x, label=self.labels)

    @functools.cached_property
    def scores(self) -> dict[str, np.ndarray]:
        """{"loss" and each term: [N] in nats an image}."""
        return self.run.model.score(self.x, self.target, label=self.labels)

    @functools.cached_property
    def codes(self) -> np.ndarray:
        """[N, *code_shape], without draws."""
        return self.run.model.encode(self.x, label=self.labels)

    @functools.cached_property
    def pca(self):
        """scikit-learn's PCA of as many components as the code has numbers."""
        return baselines.fitted_pca(self.run)

    @property
    def pca_name(self) -> str:
        return f"PCA, {self.pca.n_components_} components"

    @functools.cached_property
    def pca_codes(self) -> np.ndarray:
        """[N, D]"""
        return self.pca.transform(baselines.flat(self.x))

    @functools.cached_property
    def baseline_images(self) -> dict[str, np.ndarray]:
        """{baseline: [N, H, W, C]}, what else may stand for the reconstruction."""
        return baselines.images(self)

    @functools.cached_property
    def _made(self) -> dict[Any, Any]:
        return {}

    def once(self, key: Any, make: Callable[[], Any]) -> Any:
        """make(), the first time that `key` is asked for: a metric and its baselines share it."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def some(self, n: int) -> np.ndarray:
        """n rows at random, all where there are no more: the same ones at every call."""
        count = len(self.target)
        if n >= count:
            return np.arange(count)
        return np.sort(np.random.default_rng(0).choice(count, n, replace=False))

    def labelled(self) -> np.ndarray:
        """The labels [N]. Raises NotApplicable where there are none, or all are one."""
        return _several(self.labels, "these images")

    def training(self, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Input, target, labels of n training images at random, to be put beside these.

        Raises NotApplicable where these are those of the training.
        """
        if getattr(self.run.splits, self.split) is self.run.splits.train:
            raise NotApplicable("needs images that are not those of the training: these are")
        return self.run.examples("train", n=n, random=True)

    def labelled_training(self, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The same, to fit to their labels what is tested on these. Raises NotApplicable."""
        self.labelled()
        _several(self.run.splits.train.labels, "the training images")
        x, target, labels = self.training(n)
        assert labels is not None  # they have several
        return x, target, labels


@dataclasses.dataclass(frozen=True, kw_only=True)
class Metric(Component):
    """__call__(evaluation) -> {name: value}; None where a value makes no sense for the data.

    A name_se beside a name is its standard error. Raises NotApplicable, with a text that says
    what the metric needs, for a model or data that it does not fit. about: what each figure
    measures, in the words for images; one that it does not name is taken to have no unit.
    """

    group: ClassVar[str] = "metrics"
    section: ClassVar[str] = "reconstruction"  # of the report card
    about: ClassVar[dict[str, Quantity]] = {}

    def __call__(self, evaluation: Evaluation) -> Figures:
        raise NotImplementedError

    def quantities(self, evaluation: Evaluation) -> dict[str, Quantity]:
        """{name: what it measures} of the figures that it may give."""
        return self.about

    def baselines(self, evaluation: Evaluation) -> dict[str, Figures]:
        """{what the model is compared with: its figures}; asked for after the model's own."""
        return {}

    def notes(self, evaluation: Evaluation) -> list[str]:
        """What a reader must know of the figures, a line each."""
        return []


class ImageMetric(Metric):
    """A comparison of images with what stands for them."""

    def compare(
        self, target: np.ndarray, image: np.ndarray, data_range: tuple[float, float]
    ) -> Figures:
        """[N, H, W, C] twice, (lowest, highest) of the training's -> means over the images."""
        raise NotImplementedError

    def __call__(self, evaluation: Evaluation) -> Figures:
        if evaluation.run.model.spec.kind == "text":
            raise OfOtherData("compares numbers, and the tokens of sentences are names")
        return self.compare(evaluation.target, evaluation.reconstruction, evaluation.data_range)

    def baselines(self, evaluation: Evaluation) -> dict[str, Figures]:
        target, ends = evaluation.target, evaluation.data_range
        images = evaluation.baseline_images
        return {name: self.compare(target, image, ends) for name, image in images.items()}


def stated(metric: Metric, evaluation: Evaluation, figures: Figures) -> dict[str, Quantity]:
    """What a metric says of its figures, in the words for these data."""
    known = metric.quantities(evaluation)
    errors = {
        f"{name}{ERROR}": Quantity(quantity.unit, meaning=f"the standard error of {name}")
        for name, quantity in known.items()
    }
    known = errors | known
    return {n: known[n].of(evaluation.run.spec) for n in figures if n in known}


def finite(figures: Figures) -> tuple[Figures, list[str]]:
    """The figures with None for what is not finite, and a line that names each of those."""
    shown = {k: v if v is None or math.isfinite(v) else None for k, v in figures.items()}
    return shown, [f"{k} is not finite: {v}" for k, v in figures.items() if v is not shown[k]]


def _several(labels: np.ndarray | None, whose: str) -> np.ndarray:
    if labels is None:
        raise NotApplicable(f"needs labels, and {whose} have none")
    if len(np.unique(labels)) < 2:
        raise NotApplicable(f"needs two labels or more, and {whose} have one")
    return labels
