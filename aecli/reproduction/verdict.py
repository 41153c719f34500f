"""Published beside ours: what may be said of it."""

import dataclasses
from typing import Any

from aecli.comparison.interval import Summary, summary
from aecli.reproduction.row import Figure, Row

REACHED, NOT_REACHED, SHORTER = "reached", "not reached", "shorter than published"


@dataclasses.dataclass(frozen=True)
class Judged:
    """A figure, ours over the seeds, and the lengths of both trainings; None: not known."""

    figure: Figure
    published: float | None
    ours: Summary
    published_epochs: int | None
    epochs: int

    @property
    def is_within(self) -> bool:
        """Whether the value is as good as the published one, whatever the length."""
        if self.ours.mean is None or self.published is None:
            return False
        return self.figure.is_reached(self.ours.mean, self.published)

    @property
    def verdict(self) -> str:
        """Nothing is called reached in fewer epochs than the published training had."""
        if self.published_epochs is not None and self.epochs < self.published_epochs:
            return SHORTER
        return REACHED if self.is_within else NOT_REACHED


def judged(row: Row, values: list[list[tuple]], epochs: int) -> list[Judged]:
    """Every figure of the row.

    values: of each seed, each figure's (ours, published), the mean over its runs; epochs: of our
    shortest training.
    """
    found = []
    for figure, pairs in zip(row.figures, zip(*values, strict=True), strict=True):
        ours = [value for value, _ in pairs if value is not None]
        theirs = [value for _, value in pairs if value is not None]
        of_ours = summary(ours if len(ours) == len(pairs) else [])
        length = figure.epoch or row.epochs
        done = min(epochs, figure.epoch or epochs)
        found.append(Judged(figure, summary(theirs).mean, of_ours, length, done))
    return found


def overall(figures: list[Judged]) -> str:
    """Of a row: as of its figures where they agree, else the worse."""
    verdicts = {one.verdict for one in figures}
    return next(v for v in (SHORTER, NOT_REACHED, REACHED) if v in verdicts)


def plain(one: Judged) -> dict[str, Any]:
    """For JSON."""
    figure = one.figure
    return {
        "figure": figure.label, "unit": figure.unit, "better": figure.better,
        "published": one.published, "is_computed": figure.known is not None,
        "tolerance": figure.tolerance, "ours": one.ours.mean, "half_interval": one.ours.half,
        "seeds": one.ours.n, "published_epochs": one.published_epochs, "epochs": one.epochs,
        "is_within_tolerance": one.is_within, "verdict": one.verdict,
    }  # fmt: skip
