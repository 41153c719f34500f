"""Metric, and the evaluation that all metrics of one split share."""

import dataclasses
import functools
from typing import ClassVar

import numpy as np

from aecli.component import Component
from aecli.runs import Run


class Evaluation:
    """A run on one split, or a stand-in's reconstructions of the same images.

    x, target: [N, H, W, C] float32; reconstruction: what is compared with target.
    """

    def __init__(self, run: Run, split: str = "test"):
        self.run = run
        self.x, self.target, self.labels = run.examples(split)

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
