"""A run as a detector of anomalies: its threshold, its verdicts, and what it must beat."""

from collections.abc import Iterable

import numpy as np

from aecli.io.chosen import chosen
from aecli.metrics.baselines import ROWS
from aecli.metrics.detection import validation
from aecli.metrics.detection.scores import (
    SEPARATION,
    forest_scores,
    neighbour_scores,
    pca_scores,
    separation,
)
from aecli.quantity import HIGHER, LOWER, Quantity
from aecli.runs import Run


def threshold(run: Run, score: str, quantile: float, normal: list | None) -> dict[str, float]:
    """{"threshold", "validation_images"}: the quantile of the normal validation images' scores.

    All images count where no label is known, or none is among the normal ones: the run was trained
    on what its user took for normal.
    """
    known = validation.scores(run, score)
    scores = known["score"][_normal(known.get("label"), run, normal)]
    return {"threshold": float(np.quantile(scores, quantile)), "validation_images": len(scores)}


def _normal(labels: np.ndarray | None, run: Run, normal: list | None):
    """Which of some images of the run's own are normal: [N] bool, or all of them."""
    is_normal = None if normal is None else chosen(labels, run.learnt.label_names, normal)
    return slice(None) if is_normal is None or not is_normal.any() else is_normal


def normal_images(run: Run, normal: list | None, n: int) -> np.ndarray:
    """At most n clean training images [M, H, W, C] whose label is a normal one, at random."""
    part = run.splits.train
    rows = np.arange(len(part))[_normal(part.labels, run, normal)]
    if len(rows) > n:
        rows = np.sort(np.random.default_rng(0).choice(rows, n, replace=False))
    return run.preparation.frozen(part.x[rows])[1]


def verdicts(scores: np.ndarray, limit: float) -> np.ndarray:
    """[N] -> "anomalous" above the threshold, else "normal"."""
    return np.where(scores > limit, "anomalous", "normal")


def judged(scores: np.ndarray, limit: float, anomalous: np.ndarray) -> dict[str, float]:
    """How well the verdicts and the scores [N] fit what is known, anomalous [N] bool.

    false_alarms: the share of the normal images above the threshold; detected: that of the
    anomalous ones. auroc and average_precision only where there are both kinds.
    """
    values: dict = {"normal_images": int((~anomalous).sum())}
    values["anomalous_images"] = int(anomalous.sum())
    if not anomalous.all():
        values["false_alarms"] = float((scores[~anomalous] > limit).mean())
    if anomalous.any():
        values["detected"] = float((scores[anomalous] > limit).mean())
    if anomalous.any() and not anomalous.all():
        values |= separation(scores, anomalous)
    return values


def about(unit: str, names: Iterable[str]) -> dict[str, Quantity]:
    """What the figures of a detection measure, of those named; unit: of its score."""
    known = {
        "threshold": Quantity(unit, "", "an image with a higher score is anomalous"),
        "flagged": Quantity("", "", "share of all images above the threshold"),
        "false_alarms": Quantity("", LOWER, "share of the normal images above it"),
        "detected": Quantity("", HIGHER, "share of the anomalous images above it"),
        **SEPARATION,
    }
    return {name: known[name] for name in names if name in known}


def baselines(run: Run, x: np.ndarray, anomalous: np.ndarray, normal: list | None, seed: int = 0):
    """{baseline: {"auroc", "average_precision"}}, fitted on the run's normal training images.

    PCA's reconstruction error with as many components as the code has numbers, an isolation
    forest on the pixels, and of a table the local outlier factor. x: [N, H, W, C].
    """
    found = baseline_scores(run, x, normal, seed)
    return {name: separation(scores, anomalous) for name, scores in found.items()}


def baseline_scores(run: Run, x: np.ndarray, normal: list | None, seed: int = 0):
    """{baseline: scores [N] of x}, as `baselines` fits them; none of text, which is no numbers."""
    if run.learnt.kind == "text":
        return {}
    train = normal_images(run, normal, ROWS)
    size = min(int(np.prod(run.model.stored_shape)), len(train), train[0].size)
    found = {
        f"PCA, {size} components": pca_scores(train, x, size),
        "isolation forest": forest_scores(train, x, seed),
    }
    if run.learnt.kind == "table" and len(train) > 1:
        found["local outlier factor"] = neighbour_scores(train, x)
    return found
