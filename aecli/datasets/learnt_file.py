"""data.json of a run: a Learnt as plain numbers and names, checked when it is read."""

import dataclasses
import json
import math
import pathlib
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from aecli.component import check_arguments
from aecli.datasets.coding import MOST_VALUES, Coding
from aecli.datasets.learnt import Learnt
from aecli.datasets.quantiles import KNOTS, Quantiles
from aecli.datasets.scaling import Scaling
from aecli.datasets.units import Unit
from aecli.datasets.vocabulary import Vocabulary
from aecli.dataspec import Kind
from aecli.errors import BadRequest
from aecli.files import write_text
from aecli.untrusted.bounded import read_text

MAX_BYTES = 2**26
MAX_SCALED = 2**18  # numbers with a scale of their own: a .keras file has them in its config

Labels = Annotated[list[Annotated[int, Field(ge=-(2**53), le=2**53)]], Field(max_length=10**6)]
Name = Annotated[str, Field(max_length=4096)]
Side = Annotated[int, Field(ge=1, le=2**16)]
Setting = Name | int | None
PerColumn = Annotated[list[bool | int | float | None], Field(max_length=2**16)]


def _stored(
    shape: Annotated[list[Side], Field(min_length=3, max_length=3)],
    unit: Unit,
    range: Annotated[list[float], Field(min_length=2, max_length=2)],
    kind: Kind | None,
    gaps: bool,
    coding: dict[Literal["sizes", "fills", "flags"], PerColumn] | None,
    scaling: dict[Literal["offset", "divisor", "knots", "at"], float | list[float]] | None,
    clips: bool,
    binarize: Literal["none", "fixed", "threshold", "dynamic"],
    seed: Annotated[int, Field(ge=0, lt=2**63)],
    label_names: Annotated[list[Name], Field(max_length=10**6)] | None,
    train_labels: Labels | None,
    test_labels: Labels | None,
    columns: dict[Name, Literal["integer", "number", "category", "count"]] | None,
    categories: dict[Name, Annotated[list[Name], Field(min_length=1, max_length=MOST_VALUES)]],
    reader: dict[Name, Setting | list[Setting]],
    fingerprints: dict[Literal["train", "val", "test"], Annotated[str, Field(max_length=64)]],
    vocabulary: dict[Literal["tokens", "unit", "lower"], list[Name] | str | bool] | None,
): ...


OLDER = {  # files have them not
    "kind": None,
    "gaps": False,
    "coding": None,
    "categories": {},
    "vocabulary": None,
}
KEYS = tuple(_stored.__annotations__)


def check_writable(learnt: Learnt) -> None:
    """Raises BadRequest, before a training, for more numbers than the file may have."""
    if learnt.scaling is not None and learnt.scaling.size > MAX_SCALED:
        raise BadRequest(
            f"dataset.scale_per=feature: {learnt.scaling.size:,} numbers that scale an image are "
            f"more than {MAX_SCALED:,}\ntake dataset.scale_per=global, or dataset.scale=minmax"
        )


def write(path: pathlib.Path, learnt: Learnt) -> None:
    """Whole or not at all. Raises CannotWrite."""
    values = plain(learnt)
    lines = [f'  "{key}": {json.dumps(value, allow_nan=False)}' for key, value in values.items()]
    write_text(path, "{\n" + ",\n".join(lines) + "\n}\n")


def plain(learnt: Learnt) -> dict[str, Any]:
    """Its numbers and names, as `from_plain` takes them."""
    values = {key: getattr(learnt, key) for key in KEYS}
    if learnt.scaling is not None:
        keys = [field.name for field in dataclasses.fields(learnt.scaling)]
        values["scaling"] = {key: _shortest(getattr(learnt.scaling, key)) for key in keys}
    for key in ("coding", "vocabulary"):
        if (known := getattr(learnt, key)) is not None:
            values[key] = known.plain()
    return json.loads(json.dumps(values, allow_nan=False))  # lists, as a file has them


def _shortest(values: np.ndarray) -> Any:
    """float32 as the shortest decimals that give the same float32."""
    texts = [float(str(value)) for value in values.reshape(-1)]
    return texts if values.ndim else texts[0]


def read(path: pathlib.Path, shape: tuple[int, int, int]) -> Learnt:
    """Of a run on images of this shape. Raises BadRequest for what this module would not write."""
    try:
        values = json.loads(read_text(path, MAX_BYTES), parse_constant=_refused)
    except BadRequest:
        raise
    except (ValueError, RecursionError):
        raise BadRequest(f"{path} is damaged: it is not JSON") from None
    learnt = from_plain(values, str(path))
    if learnt.shape != tuple(shape):
        raise BadRequest(f"{path} is of images of another shape than status.json")
    return learnt


def from_plain(values: Any, path: str) -> Learnt:
    """What `plain` gave. path: where it was found, for messages. Raises BadRequest."""
    if isinstance(values, dict):
        values = OLDER | values
    if not isinstance(values, dict) or sorted(map(str, values)) != sorted(KEYS):
        raise BadRequest(f"{path} is damaged: it does not say what was learnt of the data")
    check_arguments(_stored, values, "data", path)
    values = dict(values)
    for key in ("shape", "range", "label_names"):
        values[key] = None if values[key] is None else tuple(values[key])
    values["categories"] = {key: tuple(found) for key, found in values["categories"].items()}
    if values["coding"] is not None:
        values["coding"] = _coding(path, values)
    if values["scaling"] is not None:
        values["scaling"] = _scaling(path, values["scaling"], values["shape"])
    if (values["kind"] == "text") != (values["vocabulary"] is not None):
        raise BadRequest(f"{path} is damaged: a text has a vocabulary, and nothing else has one")
    if values["vocabulary"] is not None:
        values["vocabulary"] = Vocabulary.from_plain(values["vocabulary"], path)
    return Learnt(**values)


def _refused(constant: str) -> None:
    raise ValueError(constant)


def _coding(path: str, values: dict) -> Coding:
    """One that fits the shape, the columns and their categories."""
    stored = values["coding"]
    sizes, fills, flags = (stored.get(key, ()) for key in ("sizes", "fills", "flags"))
    is_sound = len(sizes) == len(fills) == len(flags)
    is_sound &= all(type(size) is int and 0 <= size <= MOST_VALUES for size in sizes)
    is_sound &= all(fill is None or math.isfinite(fill) for fill in fills)
    is_sound &= all(type(flag) is bool for flag in flags)
    if is_sound:  # counted before any array is made of it
        width = sum(max(1, size) + flag for size, flag in zip(sizes, flags, strict=True))
        is_sound = values["shape"] == (1, width, 1)
    if is_sound and values["columns"] is not None:
        known = [len(values["categories"].get(name, ())) for name in values["columns"]]
        is_sound = known == list(sizes)
    if not is_sound:
        raise BadRequest(f"{path} is damaged: coding")
    return Coding(tuple(sizes), tuple(fills), tuple(flags))


def _scaling(path: str, stored: dict, shape: tuple[int, ...]) -> Scaling | Quantiles:
    if "knots" in stored:
        return _quantiles(path, stored, shape)
    arrays = []
    for key in ("offset", "divisor"):
        with np.errstate(over="ignore"):
            array = np.asarray(stored.get(key, []), np.float32)
        if array.size not in (1, shape[-1], math.prod(shape)) or not np.isfinite(array).all():
            raise BadRequest(f"{path} is damaged: scaling.{key}")
        is_whole = array.ndim and array.size != shape[-1]  # else one a channel, or one in all
        arrays.append(array.reshape(shape) if is_whole else array)
    if (arrays[1] == 0).any():
        raise BadRequest(f"{path} is damaged: scaling.divisor has a zero")
    return Scaling(*arrays)


def _quantiles(path: str, stored: dict, shape: tuple[int, ...]) -> Quantiles:
    at, knots = (np.asarray(stored.get(key, []), np.float64) for key in ("at", "knots"))
    count = knots.size // max(1, at.size)
    with np.errstate(over="ignore"):
        found = knots.astype(np.float32)
    is_sound = at.ndim == found.ndim == 1 and 0 < at.size <= MAX_SCALED
    is_sound = is_sound and 2 <= count <= KNOTS and found.size == count * at.size
    if is_sound and np.isfinite(found).all():
        found, places = found.reshape(count, -1), at.astype(int)
        is_rising = (np.diff(found, axis=0) >= 0).all() and (np.diff(places) > 0).all()
        if is_rising and (places == at).all() and 0 <= places[0] <= places[-1] < shape[1]:
            return Quantiles(found, places)
    raise BadRequest(f"{path} is damaged: scaling.knots")
