"""A run as a detector of anomalies: its threshold, its verdicts, and what it must beat."""

import numpy as np

from aecli.exchange.chosen import chosen
from aecli.metrics.anomaly import forest_scores, pca_scores, scored, separation
from aecli.metrics.baselines import ROWS
from aecli.runs import Run


def normal_images(run: Run, split: str, normal: list | None, n: int | None = None) -> np.ndarray:
    """The clean images [M, H, W, C] of a split of the run's own whose label is a normal one.

    All of them where no label is known, or none is among the normal ones: the run was trained on
    what its user took for normal. n: at most so many, drawn at random.
    """
    part = getattr(run.splits, split)
    is_normal = None if normal is None else chosen(part.labels, run.splits.label_names, normal)
    if is_normal is None or not is_normal.any():
        is_normal = np.ones(len(part), bool)
    rows = np.flatnonzero(is_normal)
    if n is not None and len(rows) > n:
        rows = np.sort(np.random.default_rng(0).choice(rows, n, replace=False))
    return run.preparation.frozen(part.x[rows])[1]


def threshold(run: Run, score: str, quantile: float, normal: list | None) -> dict[str, float]:
    """{"threshold", "validation_images"}: the quantile of the normal validation images' scores."""
    x = normal_images(run, "val", normal)
    value = np.quantile(scored(run.model, x, score), quantile)
    return {"threshold": float(value), "validation_images": len(x)}


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


def baselines(run: Run, x: np.ndarray, anomalous: np.ndarray, normal: list | None, seed: int = 0):
    """{baseline: {"auroc", "average_precision"}}, fitted on the run's normal training images.

    PCA's reconstruction error with as many components as the code has numbers, and an isolation
    forest on the pixels. x: [N, H, W, C].
    """
    train = normal_images(run, "train", normal, ROWS)
    size = min(int(np.prod(run.model.code_shape)), len(train), train[0].size)
    return {
        f"PCA, {size} components": separation(pca_scores(train, x, size), anomalous),
        "isolation forest": separation(forest_scores(train, x, seed), anomalous),
    }
