"""Metric, and the evaluation that all metrics of one split share."""

import dataclasses
import functools
import math
from typing import ClassVar

import numpy as np

from aecli.component import Component
from aecli.runs import Run

MAX_VALUES = 80_000_000  # pixels that are evaluated at most: 100,000 images of 28x28


class Evaluation:
    """A run on one split, or on the first images of it where it has more than MAX_VALUES pixels.

    x, target: [N, H, W, C] float32; reconstruction: what is compared with target.
    """

    def __init__(self, run: Run, split: str = "test"):
        self.run = run
        n = max(1, MAX_VALUES // math.prod(run.splits.data_shape))
        self.x, self.target, self.labels = run.examples(split, n=n)

    @functools.cached_property
    def reconstruction(self) -> np.ndarray:
        return self.run.model.reconstruct(self.x)

    @functools.cached_property
    def scores(self) -> dict[str, np.ndarray]:
        """{"loss" and each term: [N] in nats an image}."""
        return self.run.model.score(self.x, self.target)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Metric(Component):
    """__call__(evaluation) -> {name: value}; None where a value makes no sense for the data."""

    group: ClassVar[str] = "metrics"

    def __call__(self, evaluation: Evaluation) -> dict[str, float | None]:
        raise NotImplementedError
