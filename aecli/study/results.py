"""What a study's trainings reached: a table of figures, and what they tell of each other."""

import dataclasses
import itertools
from typing import Any

import numpy as np
from scipy import stats

from aecli.comparison.interval import Summary, summary
from aecli.comparison.records import Entry, LeftOut, Record, read
from aecli.quantity import HIGHER, Quantity
from aecli.study.design import Cell
from aecli.study.folder import Study


@dataclasses.dataclass(frozen=True)
class Chosen:
    """The strength that a criterion chooses: the score there, the best and the mean of all."""

    arm: str
    criterion: str
    score: str
    strength: float
    reached: float
    best: float
    any_strength: float


@dataclasses.dataclass(frozen=True)
class Results:
    """cells and values [R, F] of the trainings that are done, NaN where a figure is none."""

    study: Study
    cells: list[Cell]
    values: np.ndarray
    names: list[str]
    quantities: dict[str, Quantity]
    left_out: list[LeftOut]
    title: str  # the data

    @property
    def scores(self) -> list[str]:
        """Those of the design that some training has, in its order."""
        return [name for name in self.study.design.scores if self._is_known(name)]

    @property
    def criteria(self) -> list[str]:
        return [name for name in self.study.design.criteria if self._is_known(name)]

    @property
    def arms(self) -> list[str]:
        found = {cell.arm for cell in self.cells}
        return [arm for arm in self.study.design.arms if arm in found]

    def strengths(self, arm: str) -> list[float]:
        """Those that have a finished training, in the order of the design."""
        found = {cell.strength for cell in self.cells if cell.arm == arm}
        return [value for value in self.study.design.arms[arm].values if value in found]

    def column(self, name: str) -> np.ndarray:
        """[R]"""
        return self.values[:, self.names.index(name)]

    def rows(self, arm: str, strength: float | None = None) -> np.ndarray:
        """Which trainings are of a model, or of one strength of it: [R] bool."""
        return np.array(
            [c.arm == arm and (strength is None or c.strength == strength) for c in self.cells]
        )

    def at(self, arm: str, strength: float, name: str) -> Summary:
        """A figure over the seeds."""
        found = self.column(name)[self.rows(arm, strength)]
        return summary(found[np.isfinite(found)].tolist())

    def best(self, arm: str, name: str) -> tuple[float, Summary] | None:
        """(the strength whose mean over seeds is best, the figure there)."""
        found = [(value, self.at(arm, value, name)) for value in self.strengths(arm)]
        found = [(value, one) for value, one in found if one.mean is not None]
        sign = self._sign(name)
        return max(found, key=lambda pair: sign * (pair[1].mean or 0.0), default=None)

    def spread(self, arm: str, name: str) -> np.ndarray | None:
        """25, 50 and 75 % of a figure over all strengths and seeds of a model: [3]."""
        found = self.column(name)[self.rows(arm)]
        found = found[np.isfinite(found)]
        return np.percentile(found, [25, 50, 75]) if len(found) else None

    def correlations(self, down: list[str], across: list[str]) -> np.ndarray:
        """Spearman's rank correlations [len(down), len(across)] over all trainings.

        Each figure is turned so that more is better: 1 means that both call the same trainings
        good. NaN with fewer than 3 trainings, or where a figure is the same in all.
        """
        return np.array([[self._correlation(a, b) for b in across] for a in down])

    def chosen(self) -> list[Chosen]:
        """For each model, criterion and score: what is reached by choosing by the criterion."""
        every = itertools.product(self.arms, self.criteria, self.scores)
        return [one for names in every if (one := self._chosen(*names)) is not None]

    def _chosen(self, arm: str, criterion: str, score: str) -> Chosen | None:
        """None where the criterion, or the score at what it chooses, is not known."""
        by, best = self.best(arm, criterion), self.best(arm, score)
        if by is None or best is None:
            return None
        means = [self.at(arm, strength, score).mean for strength in self.strengths(arm)]
        known = [mean for mean in means if mean is not None]
        reached, at_best = self.at(arm, by[0], score).mean, best[1].mean
        if reached is None or at_best is None:
            return None
        return Chosen(arm, criterion, score, by[0], reached, at_best, float(np.mean(known)))

    def _correlation(self, first: str, second: str) -> float:
        a, b = self._sign(first) * self.column(first), self._sign(second) * self.column(second)
        both = np.isfinite(a) & np.isfinite(b)
        if both.sum() < 3 or np.ptp(a[both]) == 0 or np.ptp(b[both]) == 0:
            return float("nan")
        found: Any = stats.spearmanr(a[both], b[both])
        return float(found.statistic)

    def _sign(self, name: str) -> float:
        return 1.0 if self.quantities[name].better == HIGHER else -1.0

    def _is_known(self, name: str) -> bool:
        return name in self.names and bool(np.isfinite(self.column(name)).any())


def results(study: Study) -> Results:
    """Of the trainings that are done; reads small text files only."""
    pairs = [(cell, read(Entry(job.folder, f"{job.number:02d}"))) for cell, job in study.cells]
    done = [(cell, record) for cell, record in pairs if isinstance(record, Record)]
    left_out = [record for _, record in pairs if isinstance(record, LeftOut)]
    names = list(dict.fromkeys(name for _, record in done for name in record.metrics))
    values = np.array(
        [[_number(record.metrics.get(name)) for name in names] for _, record in done]
    ).reshape(len(done), len(names))
    quantities = {name: q for _, record in done for name, q in record.quantities.items()}
    data = done[0][1].title.partition(" on ")[2] if done else ""
    return Results(study, [cell for cell, _ in done], values, names, quantities, left_out, data)


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
