"""status.json, metrics.json and history.csv of a run, each value of the type that it is used as."""

import csv
import json
import math
import pathlib
import re
from typing import Annotated, Any

from pydantic import Field

from aecli.component import check_arguments
from aecli.errors import BadRequest
from aecli.quantity import ABOUT, Quantity
from aecli.untrusted.bounded import read_text

MAX_STATUS_BYTES = 100_000
MAX_HISTORY_BYTES = 32 * 2**20  # 100,000 epochs
MAX_COLUMNS = 100
MAX_PIXELS = 2**26  # numbers an image: 4096x4096x4
NAME = r"^[A-Za-z_]\w{0,99}$"  # of a figure or a column

Shown = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f$]*$")]
"""On a terminal or over a figure: no control characters, no mathematics."""
Count = Annotated[int, Field(ge=0, lt=2**31)]
Stated = dict[str, dict[str, Any]]
"""{figure: the fields of its Quantity}, for `quantities`"""


def _status(
    state: Shown,
    command: Shown | None,
    model: Shown | None,
    dataset: Shown | None,
    noise: Shown | None,
    experiment: Shown | None,
    started: Shown | None,
    order: Shown | None,
    ended: Shown | None,
    data_shape: Annotated[
        list[Annotated[int, Field(ge=1, le=2**16)]], Field(min_length=3, max_length=3)
    ],
    data_range: Annotated[list[float], Field(min_length=2, max_length=2)],
    label_count: Annotated[int, Field(ge=1, le=2**20)] | None,
    train_count: Annotated[int, Field(ge=1, lt=2**31)],
    epochs_done: Count,
    best_epoch: Count | None,
    val_loss: float | None,
    figures: list[Shown],
    columns: Stated,
    keeps_measure: list[str],
): ...


def read_status(path: pathlib.Path) -> dict[str, Any]:
    """status.json; what is not named above is handed on unseen. Raises BadRequest."""
    try:
        status = json.loads(read_text(path, MAX_STATUS_BYTES))
    except BadRequest:
        raise
    except (ValueError, RecursionError):
        raise BadRequest(f"{path} is damaged: it is not JSON") from None
    if not isinstance(status, dict):
        raise BadRequest(f"{path} is not the status of a run")
    check_arguments(_status, status, "status", path)
    if math.prod(status.get("data_shape", ())) > MAX_PIXELS:
        raise BadRequest(f"{path}.data_shape has more than {MAX_PIXELS:,} numbers an image")
    return status


def read_data_shape(path: pathlib.Path) -> tuple[int, int, int]:
    """(H, W, C) of the images that a run was trained on, from its status.json."""
    shape = read_status(path).get("data_shape")
    if shape is None:
        raise BadRequest(f"{path} does not say what images the run was trained on")
    return tuple(shape)


def read_metrics(path: pathlib.Path) -> dict[str, float | None]:
    """{metric: value} of metrics.json, None for what is no finite number; {} where there is none.

    Raises BadRequest.
    """
    stored = {name: value for name, value in _metrics(path).items() if name != ABOUT}
    return {name: value if _is_finite(value) else None for name, value in stored.items()}


def read_about(path: pathlib.Path) -> dict[str, Quantity] | None:
    """{metric: what it measures} as metrics.json says it; None where it says nothing at all.

    Raises BadRequest.
    """
    stored = _metrics(path)
    if ABOUT not in stored:
        return None
    check_arguments(_about, stored, str(path))
    return quantities(stored[ABOUT])


def _about(about: Stated): ...


def quantities(stored: Stated) -> dict[str, Quantity]:
    """What was stored of some figures; nothing in it steers a terminal or a figure."""
    return {name: Quantity.from_plain(fields) for name, fields in stored.items()}


def _metrics(path: pathlib.Path) -> dict[str, Any]:
    """The content of metrics.json, its names checked; {} where there is none."""
    if not path.exists():
        return {}
    try:
        stored = json.loads(read_text(path, MAX_STATUS_BYTES))
    except BadRequest:
        raise
    except (ValueError, RecursionError):
        raise BadRequest(f"{path} is damaged: it is not JSON") from None
    if not isinstance(stored, dict) or len(stored) > MAX_COLUMNS:
        raise BadRequest(f"{path} does not hold the metrics of a run")
    if not all(re.fullmatch(NAME, name) for name in stored):
        raise BadRequest(f"{path} is damaged: a metric's name is no name")
    return stored


def _is_finite(value: Any) -> bool:
    is_number = isinstance(value, float) or (type(value) is int and abs(value) < 2**63)
    return is_number and math.isfinite(value)


def read_history(path: pathlib.Path) -> dict[str, list[float]]:
    """{column: its values} of history.csv. Raises BadRequest."""
    if not path.is_file():
        raise BadRequest(f"{path} is missing: no epoch of this run was finished")
    lines = read_text(path, MAX_HISTORY_BYTES).splitlines()
    try:
        names, *rows = csv.reader(lines) if lines else [[]]
        if len(names) > MAX_COLUMNS or not all(re.fullmatch(NAME, n) for n in names):
            raise ValueError("a column's name is no name")
        if any(len(row) != len(names) for row in rows):
            raise ValueError("its rows differ in length")
        return (
            {name: [float(row[i]) for row in rows] for i, name in enumerate(names)} if rows else {}
        )
    except (ValueError, csv.Error) as error:
        raise BadRequest(f"{path} is damaged: {error}") from None
