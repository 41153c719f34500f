"""The codes of a run for any values of its data's factors, and the base of the scores of them."""

import dataclasses
import math
from collections.abc import Callable
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field
from tqdm import trange

from aecli.datasets.factors import UNKNOWN
from aecli.datasets.splits import Split
from aecli.errors import NotApplicable
from aecli.metrics.base import Evaluation, Figures, Metric
from aecli.metrics.disentanglement.represented import Represented, of_factors

TRUE = "true factors"  # the row of the ceiling
UNITS = 256  # of a code, at most: some scores fit a classifier for each
BLOCK = 2048  # images drawn at a time
KEPT = 2**26  # numbers of codes that are kept: 256 MB

Sampled = tuple[np.ndarray, np.ndarray]  # codes [n, D], values [n, K]
Seed = Annotated[int, Field(ge=0, lt=2**32, description="of the factors drawn, and of the fits")]
Codes = Literal["mean", "sample"]
Count = Annotated[int, Field(ge=2, description="examples")]


@dataclasses.dataclass(frozen=True, kw_only=True)
class FactorMetric(Metric):
    """Base of the scores of codes against known factors: a subclass writes `score`.

    The factors themselves as codes are its baseline: the most that the estimator gives.
    """

    section: ClassVar[str] = "disentanglement"

    codes: Codes = "mean"
    seed: Seed = 0

    def score(self, of: Represented) -> Figures:
        raise NotImplementedError

    def __call__(self, evaluation: Evaluation) -> Figures:
        return self.score(represented(evaluation, self.codes))

    def baselines(self, evaluation: Evaluation) -> dict[str, Figures]:
        of = represented(evaluation)
        return {TRUE: self.score(of_factors(of.names, of.sizes))}

    def notes(self, evaluation: Evaluation) -> list[str]:
        of = represented(evaluation)
        named = ", ".join(f"{name} {n}" for name, n in zip(of.names, of.sizes, strict=True))
        return [
            f"of clean images drawn anew, every value as often: {named}; {TRUE}: the same score of "
            "these numbers as codes"
        ]

    def rng(self) -> np.random.Generator:
        return np.random.default_rng(self.seed)


def two_samples(of: Represented, n: int, n_test: int, rng) -> tuple[Sampled, Sampled]:
    """Codes and values of n random examples, to fit to, and of n_test others, to judge by."""
    return of.sample(n, rng), of.sample(n_test, rng)


def represented(evaluation: Evaluation, kind: Codes = "mean") -> Represented:
    """The run's codes of any image of its data's factors, each made once.

    kind: mean, without draws, or sample, one draw from the posterior of an image. Raises
    NotApplicable where nobody knows the factors, for codes of a label, or where nothing is drawn.
    """
    return evaluation.once((Represented, kind), lambda: _represented(evaluation.run, kind))


def _represented(run, kind: Codes) -> Represented:
    grid, model = run.splits.grid, run.model
    if grid is None:
        raise NotApplicable(UNKNOWN)
    if model.label_count is not None:
        raise NotApplicable("needs codes of the image alone: this encoder is told its label")
    if kind == "sample" and not model.has_random_codes:
        raise NotApplicable("this model's codes are not random: take codes=mean")
    units = math.prod(model.code_shape)
    if not 2 <= units <= UNITS:
        raise NotApplicable(f"needs a code of 2 to {UNITS} units: this one has {units:,}")

    def images(values: np.ndarray) -> np.ndarray:
        return Split(grid.draw(values)).pixels()

    def codes(values: np.ndarray) -> np.ndarray:
        # the seed of a block is its first image, so that blocks have draws of their own
        first = int(np.ravel_multi_index(values[0], grid.sizes))
        seed = None if kind == "mean" else first
        return model.encode(images(values), seed=seed).reshape(len(values), -1)

    def heads(values: np.ndarray) -> np.ndarray:
        parts = model.gaussian_posterior(images(values))
        return np.concatenate([part.reshape(len(values), -1) for part in parts], axis=1)

    kept = Kept(heads, grid.sizes, 2 * units)

    def posterior(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mean, log_var = np.split(kept(values), 2, axis=1)
        return mean, log_var

    known = posterior if model.has_gaussian_posterior else None
    return Represented(grid.names, grid.sizes, Kept(codes, grid.sizes, units), known)


class Kept:
    """A function of factors, values [n, K] -> [n, D], that keeps what it gave.

    Nothing is kept where that of all values of the factors would be more than KEPT numbers.
    """

    def __init__(self, make: Callable[[np.ndarray], np.ndarray], sizes: tuple[int, ...], d: int):
        self.make, self.sizes = make, sizes
        count = math.prod(sizes)
        self.keeps = count * d <= KEPT
        self.table = np.empty((count if self.keeps else 0, d), "float32")
        self.known = np.zeros(len(self.table), bool)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        places, back = np.unique(np.ravel_multi_index(values.T, self.sizes), return_inverse=True)
        if not self.keeps:
            return self._made(places)[back]
        missing = places[~self.known[places]]
        if len(missing):
            self.table[missing] = self._made(missing)
            self.known[missing] = True
        return self.table[places][back]

    def _made(self, places: np.ndarray) -> np.ndarray:
        values = np.stack(np.unravel_index(places, self.sizes), axis=1)
        starts = trange(
            0, len(values), BLOCK, desc="draw images", leave=False, delay=1, disable=None
        )
        return np.concatenate([self.make(values[i : i + BLOCK]) for i in starts])
