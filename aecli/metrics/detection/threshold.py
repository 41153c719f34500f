"""The score above which an example is anomalous: of the validation part's scores, or kept."""

import json
import math
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from aecli.component import check_arguments
from aecli.errors import BadRequest
from aecli.files import write_json
from aecli.io.chosen import chosen
from aecli.metrics.detection import validation
from aecli.runs import Run
from aecli.untrusted.bounded import read_text

QUANTILE = 0.95  # where none is stated and none is kept
MOST_BYTES = 10_000


def threshold(
    run: Run,
    score: str,
    normal: list | None,
    quantile: float | None = None,
    contamination: float | None = None,
) -> dict[str, Any]:
    """{"threshold", "quantile", "validation_images"}, and "contamination" or "kept" where so.

    quantile: of the scores of the normal validation images; all count where no label is known, or
    none is among the normal ones: the run was trained on what its user took for normal.
    contamination: the share of all validation images that lies above, whatever their labels; for a
    run that was trained on anomalous ones as well. Neither: what the run keeps, else QUANTILE.
    """
    if quantile is None and contamination is None and (kept := _kept(run).get(score)):
        return kept | {"kept": True}
    known = validation.scores(run, score)
    scores, labels = known["score"], known.get("label")
    found: dict[str, Any] = {}
    if contamination is not None:
        quantile, found = 1 - contamination, {"contamination": float(contamination)}
    else:
        quantile = QUANTILE if quantile is None else quantile
        scores = scores[which_are_normal(labels, run, normal)]
    limit = float(np.quantile(scores, quantile))
    return {
        "threshold": limit,
        "quantile": float(quantile),
        "validation_images": len(scores),
        **found,
    }


def which_are_normal(labels: np.ndarray | None, run: Run, normal: list | None):
    """Which of some images of the run's own are normal: [N] bool, or all of them."""
    is_normal = None if normal is None else chosen(labels, run.learnt.label_names, normal)
    return slice(None) if is_normal is None or not is_normal.any() else is_normal


def verdicts(scores: np.ndarray, limit: float) -> np.ndarray:
    """[N] -> "anomalous" above the threshold, else "normal"."""
    return np.where(scores > limit, "anomalous", "normal")


def keep(run: Run, score: str, found: dict[str, Any]) -> None:
    """Write what `threshold` found into the run: what later verdicts by this score go by.

    found: its values, others beside them. Raises CannotWrite, BadRequest for a pack.
    """
    if run.is_packed:
        raise BadRequest(
            f"keep=true: {run.folder} is a pack, whose files stay as they were given\n"
            "state the threshold's rule each time: quantile=0.95"
        )
    stored = {key: found[key] for key in _FIELDS if key in found}
    write_json(run.folder / validation.KEPT, _kept(run) | {score: stored})


def _stored(
    threshold: float,
    quantile: Annotated[float, Field(ge=0, le=1)],
    validation_images: Annotated[int, Field(ge=1, lt=2**31)],
    contamination: Annotated[float, Field(ge=0, le=1)] = 0.0,
): ...


def _kept(run: Run) -> dict[str, dict[str, Any]]:
    """{score: what was kept}; {} where nothing was. Raises BadRequest for a file that is none."""
    path = run.folder / validation.KEPT
    if not path.is_file():
        return {}
    try:
        stored = json.loads(read_text(path, MOST_BYTES))
        if not isinstance(stored, dict) or not all(isinstance(v, dict) for v in stored.values()):
            raise ValueError
    except BadRequest:
        raise
    except (ValueError, RecursionError):
        raise BadRequest(f"{path} is damaged\ndelete it, and keep a threshold anew") from None
    for name, one in stored.items():
        is_whole = {"threshold", "quantile", "validation_images"} <= one.keys()
        if not is_whole or not one.keys() <= {*_FIELDS}:
            raise BadRequest(f"{path} is damaged\ndelete it, and keep a threshold anew")
        check_arguments(_stored, one, name, path)
        if not math.isfinite(one["threshold"]):
            raise BadRequest(f"{path} is damaged\ndelete it, and keep a threshold anew")
    return stored


_FIELDS = ("threshold", "quantile", "validation_images", "contamination")
