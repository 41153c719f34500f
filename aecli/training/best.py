"""The weights of a run's best epoch: in best.keras, in a state that is newer, or in a pack."""

import contextlib
import hashlib
import json
import math
import pathlib
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from safetensors.numpy import save

from aecli import limits
from aecli.errors import BadRequest
from aecli.files import replacing
from aecli.training import state as states
from aecli.training import state_file
from aecli.untrusted.weights import WeightsFile

OF = "config_sha256"  # of what the weights are, in the header of a pack's file
LETTERS = 300  # of what is said of a stranger's file
OF_THE_MODEL = ("model", "network", "loss")  # what of a config decides what the weights mean


def stored(folder: pathlib.Path, config: dict, ended: str | None) -> "WeightsFile | BestOfState":
    """What gives the model of a run folder its weights; both have the same two methods.

    ended: the state in its status; a run that is not done may have written its training state after
    best.keras. Raises BadRequest where there is neither.
    """
    best, last = (folder / "checkpoints" / name for name in ("best.keras", states.LAST))
    if ended != "done" and last.is_file() and _written(last) > _written(best):
        try:
            return BestOfState(last, config)
        except BadRequest:
            if not best.is_file():
                raise
    return WeightsFile(best)


class _Values:
    """Numbers for a model that is built already, and nothing else; path: where they are."""

    def __init__(self, path: pathlib.Path, values: dict[str, Any]):
        self.path, self._values = path, values

    @contextlib.contextmanager
    def limiting(self) -> Iterator[None]:
        """A model built inside has no more weights than there are values."""
        try:
            with limits.at_most(sum(math.prod(value.shape) for value in self._values.values())):
                yield
        except limits.TooLarge:
            raise BadRequest(f"{self.path} has fewer weights than its config asks for") from None

    def give_to(self, model: keras.Model) -> None:
        """All of them, if they are finite."""
        states.check(model.variables, self._values)
        values = {name: np.asarray(value) for name, value in self._values.items()}
        if not all(np.isfinite(v).all() for v in values.values() if v.dtype.kind == "f"):
            raise BadRequest(f"{self.path} has weights that are not finite")
        states.assign(model.variables, values)


class BestOfState(_Values):
    """Raises BadRequest where the state has no finished epoch, or is of another model."""

    def __init__(self, path: pathlib.Path, config: dict):
        state = states.read_file(path)
        super().__init__(path, state.tensors["best"])
        if not self._values:
            raise BadRequest(f"{path}: no epoch of this run was finished")
        its = state.about.get("config")
        for key in OF_THE_MODEL:
            if not isinstance(its, dict) or its.get(key) != config.get(key):
                raise BadRequest(f"{path} is of another model: {key} is not as in the config")


class Packed(_Values):
    """The safetensors file of a pack, as `write_packed` wrote it for this config.

    Raises BadRequest.
    """

    def __init__(self, path: pathlib.Path, config: dict):
        try:
            content = state_file.read(path)
        except state_file.Malformed as problem:
            raise BadRequest(f"{path} is no whole safetensors file: {problem} is off") from None
        if not isinstance(content.meta, dict) or content.meta.get(OF) != _digest(config):
            raise BadRequest(f"{path} is of another model than the config beside it")
        super().__init__(path, content.tensors)

    def give_to(self, model: keras.Model) -> None:
        """All of them, if they are of the same model and finite."""
        try:
            super().give_to(model)
        except BadRequest as problem:
            raise BadRequest(f"{self.path}: {problem.text[:LETTERS]}") from None


def write_packed(path: pathlib.Path, model: keras.Model, config: dict) -> None:
    """The numbers of the model of a config, by name, without pickle. Raises CannotWrite."""
    about = {OF: _digest(config)}  # a single one: of several the order would be by chance
    with replacing(path) as temporary:
        temporary.write_bytes(save(states.named(model.variables), about))


def _digest(config: dict) -> str:
    """The same shapes do not make the same model: activations, likelihood and weights count."""
    its = {key: config.get(key) for key in OF_THE_MODEL}
    return hashlib.sha256(json.dumps(its, sort_keys=True).encode()).hexdigest()


def _written(path: pathlib.Path) -> int:
    return path.stat().st_mtime_ns if path.is_file() else -1
