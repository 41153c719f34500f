"""The scores of a run's validation images, from which thresholds are taken.

The training keeps them (validation_scores.npz), so that a threshold needs no data.
"""

import numpy as np

from aecli.datasets.numpy_file import npz_headers, read_npz
from aecli.errors import BadRequest, NotApplicable
from aecli.files import replacing
from aecli.io.tables import write_npz
from aecli.metrics.detection import codes
from aecli.metrics.detection.scores import SCORES, check_has, scored
from aecli.runs import Run

FILE = "validation_scores.npz"
KEPT = "thresholds.json"  # what detect keeps of them
MOST = 20_000  # images, at random where there are more


def write(run: Run) -> None:
    """Every score that the model has, of each validation image, beside its label.

    Raises NotApplicable where the model's own score tells nothing; the others are kept then.
    """
    (run.folder / KEPT).unlink(missing_ok=True)  # thresholds of other weights
    codes.write(run)
    rows, labels = _rows(run)
    arrays, lost = {}, None
    for score in SCORES:
        if _has(run, score):
            try:
                arrays[score] = _scored(run, score, rows)
            except NotApplicable as reason:
                lost = reason if score == run.model.own_score else lost
    if labels is not None:
        arrays["label"] = labels
    with replacing(run.folder / FILE) as temporary:
        write_npz(temporary, arrays)
    if lost is not None:
        raise lost


def scores(run: Run, score: str) -> dict[str, np.ndarray]:
    """{"score": [N] float64, "label": [N] where there are labels}, of the run's own data.

    As the training kept them; runs of before that have them computed. Raises BadRequest.
    """
    path = run.folder / FILE
    if not path.is_file():
        rows, labels = _rows(run)
        found = {"score": _scored(run, score, rows)}
        return found if labels is None else found | {"label": labels}
    headers = npz_headers(path)
    names = [name for name in (score, "label") if name in headers]
    if score not in names or any(headers[name].shape[:1] > (MOST,) for name in names):
        raise BadRequest(f"{path} is damaged: it has no scores called {score!r}")
    stored = read_npz(path, names)
    values, labels = stored[score], stored.get("label")
    is_whole = values.dtype == np.float64 and values.ndim == 1 and values.size > 0
    if labels is not None:
        is_whole = is_whole and labels.dtype == np.int64 and labels.shape == values.shape
    if not is_whole or np.isnan(values).any():
        raise BadRequest(f"{path} is damaged: its scores are no numbers")
    return {"score": values} if labels is None else {"score": values, "label": labels}


def _has(run: Run, score: str) -> bool:
    try:
        check_has(run.model, score)
    except NotApplicable:
        return False
    return True


def _rows(run: Run) -> tuple[np.ndarray, np.ndarray | None]:
    part = run.splits.val
    rows = np.arange(len(part))
    if len(rows) > MOST:
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST, replace=False))
    return rows, None if part.labels is None else part.labels[rows]


def _scored(run: Run, score: str, rows: np.ndarray) -> np.ndarray:
    part = run.splits.val.take(rows)
    x = run.preparation.frozen(part.x[:])[1]
    return scored(run, x, score, part.beside["excess"], part.labels)
