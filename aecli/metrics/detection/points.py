"""The scores of a recording's windows, of its points: what a detection says of each."""

import numpy as np

from aecli.datasets.windows import Windows
from aecli.metrics.detection.baselines import scores_of
from aecli.metrics.detection.scores import SEPARATION, best_f1, separation
from aecli.metrics.detection.threshold import verdicts
from aecli.quantity import Quantity
from aecli.runs import Run

ABOUT = SEPARATION | {"best_f1_threshold": Quantity("", "", "the score from which on that is")}


def table(windows: Windows, scores: np.ndarray, limit: float) -> dict[str, np.ndarray]:
    """{"point", "score", "verdict", "label" where known} of the points that a window holds.

    scores: [N] of the windows; a point has the mean over those that hold it.
    """
    of_points = windows.of_points(scores)
    rows = np.flatnonzero(~np.isnan(of_points))
    found = {"point": rows, "score": of_points[rows], "verdict": verdicts(of_points[rows], limit)}
    return found if windows.labels is None else found | {"label": windows.labels[rows]}


def anomalous(found: dict[str, np.ndarray], normal: list | None) -> np.ndarray | None:
    """Which points of a table are anomalous, [M] bool; None where that is not known."""
    if normal is None or "label" not in found:
        return None
    return ~np.isin(found["label"], [one for one in normal if isinstance(one, int)])


def judged(scores: np.ndarray, is_anomalous: np.ndarray) -> dict[str, float | None]:
    """What `separation` says of scores [M] of points, and "best_f1_threshold"."""
    found = {"best_f1_threshold": best_f1(scores, is_anomalous)[1]}
    return separation(scores, is_anomalous) | found


def baselines(
    run: Run, x: np.ndarray, windows: Windows, is_anomalous: np.ndarray, normal, seed: int
) -> dict[str, dict[str, float | None]]:
    """{baseline: as judged}: those of `scores_of` score the windows x [N, 1, T, C] alike.

    is_anomalous: [M] of the points that a window holds.
    """
    found = {}
    for name, scores in scores_of(run, x, normal, seed).items():
        of_points = windows.of_points(scores)
        found[name] = judged(of_points[~np.isnan(of_points)], is_anomalous)
    return found
