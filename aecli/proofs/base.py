"""A proof: a figure that our code gives beside one that is known without it."""

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, Literal

import numpy as np

MARK = "proof_of"  # the attribute of a function that is one


@dataclasses.dataclass(frozen=True)
class Finding:
    """What a comparison found: ours <relation> known, within the tolerance.

    note: of which of several things it is, said where it does not hold.
    """

    ours: float
    known: float
    tolerance: float = 0.0
    relation: Literal["=", "<=", ">="] = "="
    note: str = ""

    @property
    def excess(self) -> float:
        """How far off it is, in tolerances: at most 1 holds; infinite for what is no number."""
        if not (np.isfinite(self.ours) and np.isfinite(self.known)):
            return np.inf
        gap = self.ours - self.known
        off = {"=": abs(gap), "<=": max(gap, 0.0), ">=": max(-gap, 0.0)}[self.relation]
        if self.tolerance > 0:
            return off / self.tolerance
        return 0.0 if off == 0 else np.inf

    @property
    def holds(self) -> bool:
        return self.excess <= 1


def close(ours: Any, known: Any, rtol: float = 0.0, atol: float = 0.0) -> Finding:
    """The worst element of ours = known, each within atol + rtol * |known|.

    Shapes must be equal, or `known` one number; nothing to compare is no proof. Raises ValueError.
    """
    ours, known = np.asarray(ours, "float64"), np.asarray(known, "float64")
    if known.shape not in ((), ours.shape) or ours.size == 0:
        raise ValueError(f"{ours.shape} is compared with {known.shape}")
    known = np.broadcast_to(known, ours.shape)
    found = [
        Finding(float(one), float(other), atol + rtol * abs(float(other)))
        for one, other in zip(ours.ravel(), known.ravel(), strict=True)
    ]
    return max(found, key=lambda finding: finding.excess)


def same(ours: Any, known: Any) -> Finding:
    """The worst element of ours = known, to the bit."""
    return close(ours, known)


def at_most(ours: Any, bound: Any, slack: float = 0.0) -> Finding:
    """ours <= bound + slack, of two numbers."""
    return Finding(float(ours), float(bound), slack, "<=")


def at_least(ours: Any, bound: Any, slack: float = 0.0) -> Finding:
    """ours >= bound - slack, of two numbers."""
    return Finding(float(ours), float(bound), slack, ">=")


def mean_of(draws: Any, known: Any, errors: float = 4.0) -> Finding:
    """The worst element of: the mean of draws [N, ...] = known, within so many standard errors.

    4 of them are exceeded once in 16,000 numbers. Draws must be independent along the first axis.
    """
    draws = np.asarray(draws, "float64")
    error = draws.std(axis=0, ddof=1) / np.sqrt(len(draws))
    known = np.broadcast_to(np.asarray(known, "float64"), error.shape)
    means = draws.mean(axis=0)
    found = [
        Finding(float(one), float(other), errors * float(width))
        for one, other, width in zip(means.ravel(), known.ravel(), error.ravel(), strict=True)
    ]
    return max(found, key=lambda finding: finding.excess)


Comparison = Callable[[], Finding | Iterable[Finding]]


@dataclasses.dataclass(frozen=True)
class Proof:
    """subject: the file that it is of, as "models/vae"; what: what is compared, in words."""

    subject: str
    what: str
    compare: Comparison

    def find(self) -> Finding:
        """The worst of what it compares; of random weights and draws, those of one seed."""
        import keras

        keras.utils.set_random_seed(0)
        found = self.compare()
        findings = [found] if isinstance(found, Finding) else list(found)
        return max(findings, key=lambda finding: finding.excess)


def proof(what: str) -> Callable[[Comparison], Comparison]:
    """Make a function without arguments a proof; it gives a Finding, or several.

    what: what is compared, as "KL in closed form = mean of 200,000 draws"; a line of the terminal.
    """

    def mark(function: Comparison) -> Comparison:
        setattr(function, MARK, what)
        return function

    return mark
