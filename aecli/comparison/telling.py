"""How many images would tell two runs apart by a distance of their samples to real ones."""

import dataclasses
import itertools
import math
import re

from aecli.comparison.leaderboard import Leaderboard, Row
from aecli.comparison.records import Record
from aecli.comparison.values import shown
from aecli.metrics.base import ERROR

DISTANCES = ("kid_own_classifier", "kid")  # of no bias: one of other numbers of images is the same
COUNT = "images_compared"
ERRORS = 2.0  # standard errors of the difference that are taken to tell two runs apart
MOST = 10**7  # images; beyond, an estimate is none


@dataclasses.dataclass(frozen=True)
class Measured:
    """A distance of one run. error: its standard error; n: the images it was measured on."""

    value: float
    error: float
    n: int


def images_needed(first: Measured, second: Measured) -> float:
    """The images, as many of each run, at which the difference is ERRORS of its standard errors.

    n = ERRORS^2 (n_1 e_1^2 + n_2 e_2^2) / (v_1 - v_2)^2: an error e falls as 1 / sqrt(n), and those
    of two runs are taken for independent, as if each had real images of its own. The difference is
    taken as it was measured; infinite where there is none.
    """
    variance = first.n * first.error**2 + second.n * second.error**2  # of one image
    gap = (first.value - second.value) ** 2
    return ERRORS**2 * variance / gap if gap else math.inf


def lines(board: Leaderboard) -> list[str]:
    """A line a distance and pair of rows that follow each other by it, each row of one run.

    Rows of several seeds have the interval over those, which is about the models themselves.
    """
    found = []
    for name in (name for name in DISTANCES if name in board.metrics):
        measured = [(row, one) for row in board.rows if (one := _measured(row, name))]
        measured.sort(key=lambda pair: pair[1].value)
        for (better, first), (worse, second) in itertools.pairwise(measured):
            names = f"{_named(better)} and {_named(worse)}"
            of = {_features(row, name) for row in (better, worse)}
            found.append(
                f"{names}: {name} is of two networks' features, and not to be compared"
                if len(of) > 1
                else f"{names} differ in {name} by {_told(first, second)}"
            )
    return found


def _measured(row: Row, name: str) -> Measured | None:
    if len(row.records) != 1:
        return None
    record: Record = row.records[0]
    value, error, n = (record.metrics.get(key) for key in (name, f"{name}{ERROR}", COUNT))
    if value is None or error is None or n is None or error <= 0 or n < 1:
        return None
    return Measured(value, error, int(n))


def _features(row: Row, name: str) -> str:
    """The fingerprint of the network that a distance says it is of, "" where it says none."""
    found = re.search(r"\bfeatures ([0-9a-f]{8})\b", row.records[0].quantities[name].meaning)
    return found[1] if found else ""


def _told(first: Measured, second: Measured) -> str:
    gap, error = abs(first.value - second.value), math.hypot(first.error, second.error)
    difference = f"{gap:.3g} (s.e. {error:.2g})"
    needed = images_needed(first, second)
    if gap < error or needed > MOST:
        return f"{difference}: too little for {min(first.n, second.n):,} images to show"
    digits = 1 - math.floor(math.log10(needed))
    images = f"{max(round(needed, digits), 2):,.0f} images of each"
    return f"{difference}: about {images} would tell them apart"


def _named(row: Row) -> str:
    """The values of its settings; of a row without any, its run."""
    return " ".join(shown(value) for value in row.values) or row.records[0].entry.label
