"""warm_start=RUN: a training that begins from another run's weights."""

import dataclasses
import itertools

import keras
import numpy as np
from omegaconf import DictConfig

from aecli.errors import BadRequest
from aecli.runs import listing

KEY = "warm_start"


@dataclasses.dataclass(frozen=True)
class Start:
    """The weights of a run's best epoch, in the model's order; note: to say of them."""

    values: list[np.ndarray]
    note: str

    def give_to(self, model: keras.Model) -> None:
        """All of them; `start` has seen that they fit."""
        for variable, value in zip(_kept(model), self.values, strict=True):
            variable.assign(value)


def start(cfg: DictConfig, model: keras.Model) -> Start | None:
    """What a training begins from, None where that is not asked for.

    Raises BadRequest where the run's weights are not those of such a model, in name and shape.
    """
    path = cfg.get(KEY)
    if path is None:
        return None
    run = listing.at(str(path), KEY)
    theirs = _kept(run.model)
    if wrong := _difference(*([_told(one) for one in its] for its in (theirs, _kept(model)))):
        what = f"{run.status.get('model', '?')} on {run.status.get('dataset', '?')}"
        raise BadRequest(
            f"{KEY}={path}: its weights do not fit, {wrong}\n"
            f"it is {what}: take its model, network and kind of data, or leave {KEY} out"
        )
    epoch = run.status.get("best_epoch")
    at = f", epoch {epoch}" if epoch else ""
    return Start([np.asarray(one) for one in theirs], f"begins from the weights of {path}{at}")


def _kept(model: keras.Model) -> list:
    """Its variables but for the states of random numbers, which belong to a seed."""
    return [one for one in model.variables if not one.path.endswith("seed_generator_state")]


def _told(variable) -> str:
    """kernel [64, 32]: its last name, which is the same in each process, and its shape."""
    return f"{variable.path.rpartition('/')[2]} {list(variable.shape)}"


def _difference(theirs: list[str], ours: list[str]) -> str:
    """The first difference, "" where there is none."""
    for one, other in itertools.zip_longest(theirs, ours, fillvalue="nothing"):
        if one != other:
            return f"{one} there is {other} here"
    return ""
