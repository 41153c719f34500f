"""The figures of a detection: its threshold, its verdicts, how right they are, and beside whom."""

import dataclasses
import sys
from collections.abc import Iterable
from typing import Any

import numpy as np

from aecli.errors import BadRequest
from aecli.io import request
from aecli.io.given import Images
from aecli.metrics.detection import baselines, points
from aecli.metrics.detection.scores import SEPARATION, check_has, scored, separation, unit_of
from aecli.metrics.detection.threshold import threshold
from aecli.quantity import HIGHER, LOWER, Quantity, beside
from aecli.runs import Run


@dataclasses.dataclass(frozen=True)
class Question:
    """What is asked of a run: fields as the keys of detect.yaml; normal: labels, None: unknown."""

    score: str
    normal: list | None
    quantile: float | None = None
    contamination: float | None = None
    seed: int = 0

    def scores(self, run: Run, images: Images) -> np.ndarray:
        """How unlike the training's each example is, [N] float64. Raises NotApplicable."""
        return scored(run, images.x, self.score, images.excess, images.labels)

    @property
    def trained_on(self) -> list | None:
        """The labels of what the run was trained on as normal; None: all of its training part."""
        return self.normal if self.contamination is None else None


def asked_of(
    run: Run,
    score: str | None,
    normal: list | None,
    quantile: float | None = None,
    contamination: float | None = None,
    seed: int = 0,
) -> Question:
    """The question, with the model's own score where none is stated. Raises NotApplicable."""
    by: str = score or run.model.own_score
    check_has(run.model, by)
    return Question(by, normal, quantile, contamination, seed)


def values(asked: Question, run: Run, images: Images, scores: np.ndarray, is_normal) -> dict:
    """What metrics.json has of scores [N]; is_normal: [N] bool, None where that is not known."""
    found = threshold(run, asked.score, asked.normal, asked.quantile, asked.contamination)
    unit = unit_of(asked.score, run.spec)
    told = {"score": asked.score, "unit": unit, "images": len(images), "origin": images.origin}
    told |= found | {"flagged": float((scores > found["threshold"]).mean())}
    if is_normal is not None:
        told["normal"] = np.unique(request.named_labels(images)[is_normal]).tolist()
        told |= judged(scores, found["threshold"], ~is_normal)
        if "auroc" in told:
            told["baselines"] = _baselines(asked, run, images, ~is_normal)
    about = _about(unit, told)
    told |= beside({name: quantity.of(run.spec) for name, quantity in about.items()})
    if images.windows is not None:
        told["points"] = _of_points(asked, run, images, scores, told)
    return told


def judged(scores: np.ndarray, limit: float, anomalous: np.ndarray) -> dict[str, float]:
    """How well the verdicts and the scores [N] fit what is known, anomalous [N] bool.

    false_alarms: the share of the normal images above the threshold; detected: that of the
    anomalous ones. What `separation` gives only where there are both kinds.
    """
    found: dict = {"normal_images": int((~anomalous).sum())}
    found["anomalous_images"] = int(anomalous.sum())
    if not anomalous.all():
        found["false_alarms"] = float((scores[~anomalous] > limit).mean())
    if anomalous.any():
        found["detected"] = float((scores[anomalous] > limit).mean())
    if anomalous.any() and not anomalous.all():
        found |= separation(scores, anomalous)
    return found


def _about(unit: str, names: Iterable[str]) -> dict[str, Quantity]:
    """What the figures of a detection measure, of those named; unit: of its score."""
    known = {
        "threshold": Quantity(unit, "", "an example with a higher score is anomalous"),
        "flagged": Quantity("", "", "share of all examples above the threshold"),
        "false_alarms": Quantity("", LOWER, "share of the normal examples above it"),
        "detected": Quantity("", HIGHER, "share of the anomalous examples above it"),
        **SEPARATION,
    }
    return {name: known[name] for name in names if name in known}


def _baselines(asked: Question, run: Run, images: Images, anomalous: np.ndarray) -> dict:
    """{} where the training data are not at hand: nothing can be fitted to them."""
    try:
        return baselines.baselines(run, images.whole, anomalous, asked.trained_on, asked.seed)
    except BadRequest as reason:
        print(f"no baselines: {str(reason).splitlines()[0]}", file=sys.stderr)
        return {}


def _of_points(asked: Question, run: Run, images: Images, scores: np.ndarray, told: dict) -> dict:
    """What is said of the points of the recording that the windows were cut from."""
    assert images.windows is not None
    found = points.table(images.windows, scores, told["threshold"])
    of_points: dict[str, Any] = {"points": len(found["point"])}
    of_points["flagged"] = float((found["verdict"] == "anomalous").mean())
    known = points.anomalous(found, asked.normal)
    if known is None or not known.any() or known.all():
        return of_points
    of_points |= {"anomalous_points": int(known.sum())} | points.judged(found["score"], known)
    of_points["baselines"] = {}
    if told.get("baselines"):
        of_points["baselines"] = points.baselines(
            run, images.whole, images.windows, known, asked.trained_on, asked.seed
        )
    return of_points | beside(points.ABOUT)
