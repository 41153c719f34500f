"""Detection: what `aecli detect` finds out, as arrays."""

import dataclasses
from typing import Any

import numpy as np

from aecli.io.given import Images
from aecli.runs import Run


@dataclasses.dataclass(frozen=True)
class Detection:
    """scores: [N] float64, high is unlike the training; is_anomalous: [N] bool, above threshold.

    metrics: what `aecli detect` writes into metrics.json: AUROC where it is known what is normal.
    """

    scores: np.ndarray
    is_anomalous: np.ndarray
    threshold: float
    metrics: dict[str, Any]

    def __len__(self) -> int:
        return len(self.scores)

    def __repr__(self) -> str:
        auroc = self.metrics.get("auroc")
        told = "" if auroc is None else f", AUROC {auroc:.4f}"
        return (
            f"Detection({int(self.is_anomalous.sum()):,} of {len(self):,} above "
            f"{self.threshold:.4g}, by {self.metrics['score']}{told})"
        )


def detected(
    run: Run,
    images: Images,
    score: str | None,
    stated: list | None,
    limits: tuple[float | None, float | None],
    seed: int,
) -> Detection:
    """Of images; stated: the labels that are normal; limits: quantile, contamination."""
    from aecli.metrics.detection import labels
    from aecli.metrics.detection.values import asked_of, values

    normal = labels.normal(stated, run)
    known = images.labels, images.label_names
    is_normal = labels.known(run, *known, normal, stated is not None)
    asked = asked_of(run, score, normal, *limits, seed)
    scores = asked.scores(run, images)
    told = values(asked, run, images, scores, is_normal)
    return Detection(scores, scores > told["threshold"], told["threshold"], told)
