"""What a detector must beat: PCA, an isolation forest, the local outlier factor."""

import numpy as np

from aecli.metrics.baselines import ROWS
from aecli.metrics.detection.scores import (
    forest_scores,
    neighbour_scores,
    pca_scores,
    separation,
)
from aecli.metrics.detection.threshold import which_are_normal
from aecli.runs import Run


def baselines(run: Run, x: np.ndarray, anomalous: np.ndarray, normal: list | None, seed: int = 0):
    """{baseline: what `separation` says}, of `scores_of`. x: [N, H, W, C]; anomalous: [N] bool."""
    return {
        name: separation(scores, anomalous)
        for name, scores in scores_of(run, x, normal, seed).items()
    }


def scores_of(run: Run, x: np.ndarray, normal: list | None, seed: int = 0):
    """{baseline: scores [N] of x}, fitted on the run's normal training images.

    PCA's reconstruction error with as many components as the code has numbers (fewer than there are
    pixels), an isolation
    forest on the pixels, and of tables and series the local outlier factor. normal: None for all of
    the training images. None of text, which is no numbers.
    """
    if run.spec.kind == "text":
        return {}
    train = normal_images(run, normal, ROWS)
    most = max(1, train[0].size - 1)  # all of them reconstruct whatever there is
    size = min(int(np.prod(run.model.stored_shape)), len(train), most)
    found = {
        f"PCA, {size} components": pca_scores(train, x, size),
        "isolation forest": forest_scores(train, x, seed),
    }
    if run.spec.kind in ("table", "series") and len(train) > 1:
        found["local outlier factor"] = neighbour_scores(train, x)
    return found


def normal_images(run: Run, normal: list | None, n: int) -> np.ndarray:
    """At most n clean training images [M, H, W, C] whose label is a normal one, at random."""
    return run.preparation.frozen(run.splits.train.x[normal_rows(run, normal, n)])[1]


def normal_rows(run: Run, normal: list | None, n: int) -> np.ndarray:
    """The positions [M] of such training images, in order."""
    part = run.splits.train
    rows = np.arange(len(part))[which_are_normal(part.labels, run, normal)]
    if len(rows) > n:
        rows = np.sort(np.random.default_rng(0).choice(rows, n, replace=False))
    return rows
