"""Arrays and data frames of a Python session as the examples that a run is asked about."""

import dataclasses
import importlib.util
from typing import Any

import numpy as np

from aecli.datasets import frames, windows
from aecli.datasets import labels as label_columns
from aecli.datasets.series_arrays import as_recording
from aecli.datasets.splits import Split
from aecli.errors import BadRequest
from aecli.io import conditions, kept_arrays, request
from aecli.io.given import Images
from aecli.models.raw import Raw
from aecli.runs import Run


@dataclasses.dataclass(frozen=True)
class Given:
    """What was handed over, and how it comes back. notes: what to say of it.

    images: as a command has them of a file.
    """

    x: Any
    images: Images
    notes: list[str]

    @property
    def part(self) -> Split:
        """The images as a part of a data set."""
        known = self.images
        return Split(known.x, known.labels, known.excess, known.windows, known.ids)

    def back(self, run: Run, made: np.ndarray) -> Any:
        """What a model made of them, [N, H, W, C], in the kind, shape and unit of x."""
        if run.learnt.vocabulary is not None:
            return given_back(run, made)
        if frames.is_frame(self.x):
            rows = run.learnt.raw(made).reshape(len(made), -1)
            return frames.like(self.x, rows, run.learnt.columns or {}, run.learnt.categories)
        x = np.asarray(self.x)
        is_unit = run.learnt.unit == "bytes" and x.dtype.kind in "bf" and x.max() <= 1
        found = run.learnt.unscaled(made) if is_unit else run.learnt.raw(made)
        return found.reshape(x.shape) if found.size == x.size else found


def given(
    run: Run, x: Any, labels: Any = None, beyond: bool = False, are_told: bool = True
) -> Given:
    """X and its labels [N], or one label for all, as the training would have had them.

    beyond: whether values outside of the training's range may pass. A run of windows takes a
    recording [T, C]. are_told: whether labels are
    what a conditional model is told, so that they must be of the training. Raises BadRequest.
    """
    held, notes = _part(run, x, beyond)
    numbers, names = _labels(run, labels, len(held))
    found = Images(held.pixels(), None, numbers, names, None, "X", **held.beside)
    if are_told or run.model.label_count is not None:
        found = conditions.of_images(run, found, None)
    return Given(x, found, notes)


def labelled(
    run: Run, train: Any, validation: Any, test: Any
) -> tuple[list[Split], tuple[str, ...] | None]:
    """Pairs (X, labels [N]) -> the three parts, in model units, and the names of the labels.

    validation: None: the test part is this one, too. Raises BadRequest.
    """
    pairs = {"train": train, "test": test} | ({} if validation is None else {"val": validation})
    for name, pair in pairs.items():
        if pair is None:
            raise BadRequest(f"{name}, a pair (X, labels), is stated with the others, or none is")
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise BadRequest(f"{name} is a pair, (X, labels); got {type(pair).__name__}")
    held = {name: _part(run, pair[0], beyond=False)[0] for name, pair in pairs.items()}
    found = [(name, kept_arrays.labels(pair[1])) for name, pair in pairs.items()]
    numbers, names = label_columns.labels(found, [len(part) for part in held.values()])
    learnt = run.learnt
    whole, names = label_columns.as_trained(
        "labels", np.concatenate(numbers), names, learnt.label_names, learnt.train_labels
    )
    assert whole is not None  # there are some
    ends = np.cumsum([len(part) for part in held.values()])[:-1]
    told = dict(zip(held, np.split(whole, ends), strict=True))
    parts = {name: dataclasses.replace(part, labels=told[name]) for name, part in held.items()}
    return [parts[name if name in parts else "test"] for name in ("train", "val", "test")], names


def given_back(run: Run, made: np.ndarray) -> Any:
    """What a model made, [N, H, W, C], in the training's unit: rows [N, D], images, sentences."""
    if run.learnt.vocabulary is not None:
        return run.learnt.vocabulary.sentences(made)
    x = run.learnt.raw(made)
    if run.spec.kind == "table":
        return _rows(run, x.reshape(len(x), -1))
    return x[:, 0] if run.spec.kind == "series" else x


def _rows(run: Run, x: np.ndarray) -> Any:
    """Rows [N, D] as they are, or as a data frame where the columns have names of their own.

    Without pandas {column: [N]}.
    """
    columns = run.learnt.columns
    if columns is None or list(columns) == [f"f{i}" for i in range(len(columns))]:
        return x
    named = request.columns(run, x)
    if importlib.util.find_spec("pandas") is None:
        return named
    import pandas

    return pandas.DataFrame(named)


def told(run: Run, labels: Any, count: int) -> np.ndarray | None:
    """The labels [N] that a model is told beside codes, None for one that is told none."""
    numbers, names = _labels(run, labels, count)
    if run.model.label_count is None:
        return None
    conditions.check(run, numbers, names, "codes")
    return numbers


def _part(run: Run, x: Any, beyond: bool) -> tuple[Split, list[str]]:
    raw, reader = Raw(run.model, run.learnt), run.learnt.reader
    channels = run.learnt.shape[2]
    if not reader.get("window") or frames.is_frame(x):
        return raw.part(x, "X", beyond)
    x = np.asarray(x)
    if x.ndim != 1 and (x.ndim != 2 or x.shape[1] != channels):
        return raw.part(x, "X", beyond)
    cells, held = windows.cut("X", as_recording("X", x), reader["window"], reader["stride"])
    part, notes = raw.part(cells, "X", beyond)
    return dataclasses.replace(part, windows=held), notes


def _labels(run: Run, labels: Any, count: int):
    """([N] of the training's numbers or None, the names of all)."""
    learnt = run.learnt
    if labels is None:
        return None, learnt.label_names
    found = kept_arrays.labels(labels)
    if found.ndim == 0:
        number = conditions.stated(run, found.item())
        return np.full(count, number), learnt.label_names
    (numbers,), names = label_columns.labels([("labels", found)], [count])
    known = learnt.label_names, learnt.train_labels
    return label_columns.as_trained("labels", numbers, names, *known)


def codes(run: Run, z: Any) -> np.ndarray:
    """Codes [N, ...] of numbers. Raises BadRequest."""
    found = kept_arrays.array(z, "codes")
    if found.ndim < 2 or not found.size or not np.isfinite(found).all():
        shape = ", ".join(map(str, run.model.stored_shape))
        raise BadRequest(f"codes are finite numbers [N, {shape}]; got {found.dtype} {found.shape}")
    return found
