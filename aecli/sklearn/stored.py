"""The folder of an estimator: its words as JSON, its numbers as safetensors. Nothing is pickled."""

import json
import math
import pathlib
from typing import Any

import numpy as np

from aecli.errors import BadRequest
from aecli.files import made_folder, replacing, write_json
from aecli.sklearn.lazily import programs
from aecli.untrusted.bounded import read_bytes, read_text

FILE, NUMBERS = "estimator.json", "numbers.safetensors"
MAX_TEXT, MAX_BYTES = 2**24, 2**32
FORMAT = 1
HIDDEN = ("_offset", "_divisor")


def write(folder: pathlib.Path, estimator: Any) -> pathlib.Path:
    """Write a fitted one to a folder that is not there. Raises BadRequest."""
    from safetensors.numpy import save_file

    if folder.exists():
        raise BadRequest(f"{folder} is there already: give a folder that is not")
    made_folder(folder)
    numbers = {f"weights.{i:04d}": w for i, w in enumerate(estimator._weights)}
    numbers |= {name: np.asarray(getattr(estimator, name)) for name in (*HIDDEN, *estimator.kept)}
    with replacing(folder / NUMBERS) as temporary:
        save_file({name: np.ascontiguousarray(one) for name, one in numbers.items()}, temporary)
    names = getattr(estimator, "feature_names_in_", None)
    parameters = estimator.get_params(deep=False)
    if not isinstance(parameters["random_state"], int):
        parameters["random_state"] = None
    about = {
        "format": FORMAT,
        "class": type(estimator).__name__,
        "parameters": parameters,
        "config": estimator._config,
        "examples": estimator._examples,
        "columns": estimator.n_features_in_,
        "names": None if names is None else names.tolist(),
    }
    write_json(folder / FILE, about)  # last: a folder without it is none
    return folder


def read(folder: pathlib.Path, kind: type) -> Any:
    """The estimator of a class in a folder. Raises BadRequest."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    place = folder / FILE
    if not place.is_file():
        raise BadRequest(f"{folder} has no {FILE}: give a folder that save wrote")
    try:
        about = json.loads(read_text(place, MAX_TEXT))
        numbers = load(read_bytes(folder / NUMBERS, MAX_BYTES))
        if about["class"] != kind.__name__:
            raise BadRequest(f"{folder} has an {about['class']}: {about['class']}.load opens it")
        found = _put_together(about, numbers, kind)
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError, SafetensorError) as error:
        raise BadRequest(f"{folder} is damaged: {type(error).__name__}: {error}") from None
    return found


def _put_together(about: dict[str, Any], numbers: dict[str, np.ndarray], kind: Any) -> Any:
    program = programs()
    found = kind(**about["parameters"])
    found._config, found._examples = about["config"], about["examples"]
    found.n_features_in_ = about["columns"]
    if about["names"] is not None:
        found.feature_names_in_ = np.array(about["names"], dtype=object)
    for name in (*HIDDEN, *kind.kept):
        value = numbers[name]
        setattr(found, name, value if value.ndim else value.item())
    found._weights = [numbers[name] for name in sorted(numbers) if name.startswith("weights.")]
    with program.BUSY:  # its config is checked against the allow-list before anything is built
        model = program.program(found._config, found.n_features_in_, found._examples).model
    shapes = [tuple(w.shape) for w in model.weights]
    if [w.shape for w in found._weights] != shapes:
        raise BadRequest(
            f"the weights are not those of its config: {_count(found._weights)} numbers"
        )
    if not all(np.isfinite(w).all() for w in found._weights):
        raise BadRequest("the weights are not finite")
    return found


def _count(weights: list[np.ndarray]) -> str:
    return f"{sum(math.prod(w.shape) for w in weights):,}"
