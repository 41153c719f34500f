"""The training state: one file that holds all that the next step depends on.

checkpoints/last.safetensors, and the one before it as previous.safetensors. The tensors are the
variables of the model and of each player's optimizer, inside an epoch those of the metrics too, and
the weights of the best epoch; the header carries the rest as JSON under the key "aecli", with a
checksum of both.
"""

import dataclasses
import json
import logging
import os
import pathlib
import re
from typing import Any

import numpy as np
from safetensors.numpy import save

from aecli.errors import BadRequest, CannotWrite, Diverged
from aecli.files import replacing, writing
from aecli.training import state_file

FORMAT = 4
OTHER_DRAWS = 3  # with draws that XLA made others
OLDEST = 2  # with one optimizer, and the weight of a warm-up among the model's variables
LAST, PREVIOUS = "last.safetensors", "previous.safetensors"
MAX_BYTES = 16 * 2**30  # of a state that is read: several times the largest that fits a workstation
KINDS = ("model", "optimizers", "metrics", "best")

log = logging.getLogger("aecli")


@dataclasses.dataclass(frozen=True)
class State:
    """After `step` steps of the epoch that follows `epoch` finished ones.

    tensors: {kind: {name: array, or state_file.Stored}}; callbacks: {name: what its get_state
    gave}; about: the config, the data's fingerprint and the environment, to compare on resume.
    """

    epoch: int
    step: int
    stopped: bool
    tensors: dict[str, dict[str, Any]]
    callbacks: dict[str, dict]
    about: dict[str, Any]


def is_complete(state: State | None, epochs: int) -> bool:
    """Whether nothing is left to train of so many epochs."""
    return state is not None and (state.stopped or state.epoch >= epochs)


def named(variables) -> dict[str, np.ndarray]:
    """{"number:path": value} of Keras variables, copied."""
    return {name: np.array(v) for name, v in zip(_names(variables), variables, strict=True)}


def _names(variables) -> list[str]:
    """Without the numbers that Keras gives to the models of one process: vae_2 is vae."""
    paths = [re.sub(r"_\d+(?=[/_]|$)", "", variable.path) for variable in variables]
    return [f"{i:04d}:{path}" for i, path in enumerate(paths)]


def assign(variables, values: dict[str, Any]) -> None:
    """Give each variable its value. Raises BadRequest, before the first one, where one differs."""
    check(variables, values)
    for name, variable in zip(_names(variables), variables, strict=True):
        variable.assign(np.asarray(values[name]))


def named_by_name(optimizers: dict[str, Any]) -> dict[str, np.ndarray]:
    """{"player/number:path": value} of the variables of each player's optimizer."""
    return {
        f"{player}/{name}": value
        for player, optimizer in optimizers.items()
        for name, value in named(optimizer.variables).items()
    }


def assign_by_name(optimizers: dict[str, Any], values: dict[str, Any]) -> None:
    """As assign, for the optimizer of each player."""
    sorted_values: dict[str, dict] = {player: {} for player in optimizers}
    for name, value in values.items():
        player, _, rest = name.partition("/")
        if player not in sorted_values:
            raise BadRequest(f"the checkpoint is of another model: it has an optimizer of {player}")
        sorted_values[player][rest] = value
    for player, optimizer in optimizers.items():
        check(optimizer.variables, sorted_values[player])
    for player, optimizer in optimizers.items():
        assign(optimizer.variables, sorted_values[player])


def check(variables, values: dict[str, Any]) -> None:
    """Raises BadRequest where these are not values of the variables, by name, type and shape."""
    names = _names(variables)
    if names != sorted(values):
        odd = sorted(set(names) ^ set(values))[0]
        raise BadRequest(f"the checkpoint is of another model: {odd} is on one side alone")
    for name, variable in zip(names, variables, strict=True):
        value = values[name]
        if tuple(variable.shape) != value.shape or variable.dtype != value.dtype.name:
            raise BadRequest(
                f"the checkpoint is of another model: {name} is {value.dtype} {value.shape}, "
                f"not {variable.dtype} {tuple(variable.shape)}"
            )


def write(folder: pathlib.Path, state: State) -> None:
    """Into `folder`, whole or not at all; what was last becomes previous.

    On a full disk the one before gives way, once. Raises CannotWrite; then last is as it was.
    """
    payload = _packed(state)
    try:
        _replace_last(folder, payload, keep=True)
    except CannotWrite:
        with writing(folder / PREVIOUS):
            (folder / PREVIOUS).unlink(missing_ok=True)
        _replace_last(folder, payload, keep=False)


def _replace_last(folder: pathlib.Path, payload: bytes, keep: bool) -> None:
    last = folder / LAST
    with replacing(last) as temporary:
        temporary.write_bytes(payload)
        if keep and last.exists():
            _keep(last, folder / PREVIOUS)


def _keep(last: pathlib.Path, previous: pathlib.Path) -> None:
    """A second name for the file, so that there is a last one at every moment."""
    linked = previous.with_name(f".{previous.stem}.{os.getpid()}.tmp")
    linked.unlink(missing_ok=True)
    try:
        os.link(last, linked)
    except OSError:  # a filesystem without hard links
        linked.write_bytes(last.read_bytes())
    os.replace(linked, previous)
    linked.unlink(missing_ok=True)  # two names of one file: then replace leaves both


def read(folder: pathlib.Path) -> State | None:
    """The newest state that is whole, None where nothing was saved.

    Says so where it is the one before. Raises BadRequest where neither can be read.
    """
    problems = []
    for name in (LAST, PREVIOUS):
        if not (folder / name).is_file():
            continue
        try:
            state = read_file(folder / name)
        except BadRequest as problem:
            problems.append(str(problem))
            continue
        for problem in problems:
            log.warning("%s; taking the one before it, of epoch %d", problem, state.epoch)
        return state
    if problems:
        raise BadRequest(
            f"{problems[0]}\nbegin anew: aecli train ...; best.keras can still be used"
        )
    return None


def read_file(path: pathlib.Path) -> State:
    """Its tensors stay in the file until they are assigned, to variables that bound their size.

    Raises BadRequest where the file is damaged, or of another format.
    """
    if path.stat().st_size > MAX_BYTES:
        raise BadRequest(f"{path} is larger than any state of ours ({MAX_BYTES >> 30} GiB)")
    try:
        content = state_file.read(path)
        text, digest = content.meta["aecli"], content.meta["sha256"]
        rest = json.loads(text)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadRequest(f"{path} is damaged: it is not a whole safetensors file") from None
    if state_file.digest(content.tensors, text) != digest:
        raise BadRequest(f"{path} is damaged: its checksum does not fit its content")
    if not isinstance(rest, dict) or rest.get("format") not in (OLDEST, OTHER_DRAWS, FORMAT):
        raise BadRequest(
            f"{path} is not of format {FORMAT}, which this aecli reads\n"
            "go on with the version that wrote it"
        )
    sorted_tensors: dict = {kind: {} for kind in KINDS}
    for name, value in content.tensors.items():
        kind, _, key = name.partition("/")
        sorted_tensors.setdefault(kind, {})[key] = value
    if rest.pop("best_is_current", False):
        sorted_tensors["best"] = sorted_tensors["model"]
    if not _is_well_formed(rest):
        raise BadRequest(f"{path} is not a training state of aecli")
    found = rest.pop("format")
    if found != FORMAT:
        log.warning(
            "%s is of an earlier aecli: what is random, noise and codes, is drawn otherwise from "
            "here on than it would have been then", path,
        )  # fmt: skip
    if found == OLDEST:
        sorted_tensors = _as_now(sorted_tensors)
    return State(tensors=sorted_tensors, **rest)


def _as_now(tensors: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The tensors of the older format under today's names."""
    optimizer = tensors.pop("optimizer", {})
    renamed = {f"model/{name}": value for name, value in optimizer.items()}
    kept = {kind: _without_warmup(tensors[kind]) for kind in ("model", "best")}
    return tensors | kept | {"optimizers": renamed}


def _without_warmup(values: dict[str, Any]) -> dict[str, Any]:
    names = [name for name in sorted(values) if not name.endswith("/warmup")]
    return {f"{i:04d}:{name.partition(':')[2]}": values[name] for i, name in enumerate(names)}


def _is_well_formed(rest: dict) -> bool:
    """A checksum shows damage, not forgery: the types are looked at, too."""
    kinds = {"epoch": int, "step": int, "stopped": bool, "callbacks": dict, "about": dict}
    return (
        rest.keys() == {*kinds, "format"}
        and all(type(rest[name]) is kind for name, kind in kinds.items())
        and min(rest["epoch"], rest["step"]) >= 0
        and all(isinstance(memory, dict) for memory in rest["callbacks"].values())
    )


def _packed(state: State) -> bytes:
    rest = {k.name: getattr(state, k.name) for k in dataclasses.fields(state)}
    tensors = dict(rest.pop("tensors"))
    # the best epoch is often the one just done: its weights are there already
    best_is_current = _equal(tensors.get("best"), tensors["model"])
    if best_is_current:
        tensors.pop("best")
    rest |= {"format": FORMAT, "best_is_current": best_is_current}
    text = json.dumps(rest, default=float)
    flat = {
        f"{kind}/{name}": np.asarray(value)
        for kind, group in tensors.items() for name, value in group.items()
    }  # fmt: skip
    _refuse_nonfinite(flat)
    return save(flat, {"aecli": text, "sha256": state_file.digest(flat, text)})


def _equal(best: dict | None, model: dict) -> bool:
    best = best or {}
    return best.keys() == model.keys() and all(
        np.array_equal(best[name], model[name]) for name in model
    )


def _refuse_nonfinite(tensors: dict[str, np.ndarray]) -> None:
    for name, value in tensors.items():
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            raise Diverged(f"{name} is not finite; the checkpoint before is untouched")
