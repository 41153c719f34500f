"""What a resumed training takes from its run folder, and what it may not change."""

import logging
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from aecli import build, look, runs
from aecli.errors import BadRequest
from aecli.fit import lengthening
from aecli.training import state as states
from aecli.training.cluster import cluster
from aecli.training.environment import differences

if TYPE_CHECKING:  # it imports TensorFlow, which a refusal need not wait for
    from aecli.fit.plan import Plan

FREE = (  # what does not change the result
    *lengthening.LENGTH,
    lengthening.PATIENCE,
    "trainer.program_cache",
    "dataset.cache",
    "trainer.threads",  # warned about: the last bits may differ
    "trainer.strategy",  # as well
    "callbacks.checkpoint.every",
    "callbacks.checkpoint.every_steps",
    "figures",
    "metrics",
    "outputs",
    *look.KEYS,
)
CHOICES = ("model", "dataset", "noise", "experiment")
SHOWN = 3  # differences in one message

log = logging.getLogger("aecli")


def read_state(run: runs.Run) -> states.State | None:
    """The newest whole state, None where nothing was saved yet."""
    state = states.read(run.folder / "checkpoints")
    if state is not None and not {"config", "data", "environment"} <= state.about.keys():
        raise BadRequest(f"{run.folder}: its checkpoint does not say what it was trained on")
    return state


def merged(
    run: runs.Run, state: states.State | None, cfg: DictConfig, overrides: list[str]
) -> DictConfig:
    """The run's own config, with what `overrides` state of FREE.

    Raises BadRequest where they, or an edit of the stored file, would make the result another.
    """
    stored, asked = build.plain(run.config), build.plain(runs.kept(cfg))
    config = OmegaConf.create(stored)
    if state is not None:
        edited = _changes(state.about["config"], stored)
        _refuse(edited, f"{run.folder / runs.CONFIG} was edited since the training began")
    for override in overrides:
        key = override.lstrip("+~").partition("=")[0].partition("@")[0].replace("/", ".")
        if key in ("resume", "outputs"):
            continue
        if key == "replace":
            raise BadRequest("resume goes on with a run, replace deletes it: state one of them")
        chosen, name = str(run.status.get(key)), override.partition("=")[2]
        if key in CHOICES and name != chosen:
            raise _refusal([f"{key}: {chosen}, asked {name}"])
        before, now = _at(stored, key), _at(asked, key)
        node = key.rpartition(".")[0]
        if node and _at(stored, node) is None:
            raise _refusal([f"{node}: none, asked {override}"])
        _refuse(_changes({key: before}, {key: now}), "resume goes on with the same training")
        if now is not None and _is_free(key):
            OmegaConf.update(config, key, now, merge=False)
        for one in look.KEYS if key == look.GROUP else ():
            OmegaConf.update(config, one, asked[one])
    return config


def is_same(run: runs.Run, cfg: DictConfig) -> bool:
    """Whether a run is the training that a config asks for, and as long."""
    stored, asked = build.plain(run.config), build.plain(runs.kept(cfg))
    ends = (*lengthening.LENGTH, lengthening.PATIENCE)
    return not _changes(stored, asked) and all(_at(stored, k) == _at(asked, k) for k in ends)


def is_follower(run: runs.Run, cfg: DictConfig, overrides: list[str]) -> bool:
    """Whether this process trains along with a chief, who alone may write in the folder."""
    asked = any(override.startswith("trainer.strategy=") for override in overrides)
    node = cfg.trainer if asked else run.config.trainer
    ours = cluster(node.get("strategy", "none"))
    return ours is not None and not ours.is_chief


def threads(config: DictConfig, state: states.State | None) -> int | None:
    """As many as before, unless stated: the bits depend on them."""
    if config.trainer.threads is None and state is not None:
        return state.about["environment"]["threads"]
    return config.trainer.threads


def check(run: runs.Run, state: states.State | None, plan: "Plan") -> None:
    """Raises BadRequest where data or length do not go with what was trained."""
    if state is None:
        return
    if state.step > plan.feed.steps_per_epoch:
        raise BadRequest(f"{run.folder}: its checkpoint is {state.step} steps into an epoch")
    if changed := _changed_parts(state, plan):
        raise BadRequest(
            f"the data are not those that this run was trained on, {', '.join(changed)} changed: "
            f"{plan.splits.source}\nput them back as they were, or begin anew: aecli train ..."
        )
    lengthening.check(state, plan)
    for difference in differences(state.about["environment"], plan.about["environment"]):
        log.warning("resumed elsewhere, the last bits of the result may differ: %s", difference)


def _changed_parts(state: states.State, plan: "Plan") -> list[str]:
    known = state.about.get("parts")
    if known is None:  # of before the parts were told apart
        same = state.about["data"] == plan.splits.fingerprint
        return [] if same else ["train or val"]
    return [part for part, now in plan.splits.fingerprints.items() if known.get(part) != now]


def _is_free(key: str) -> bool:
    return any(key == free or key.startswith(f"{free}.") for free in FREE)


def _refuse(changes: list[str], why: str) -> None:
    if changes:
        raise _refusal(changes, why)


def _refusal(changes: list[str], why="resume goes on with the same training") -> BadRequest:
    more = f" and {len(changes) - SHOWN} more" if len(changes) > SHOWN else ""
    return BadRequest(
        f"{why}; different: {'; '.join(changes[:SHOWN])}{more}\n"
        "put it back, or begin a run of its own: aecli train without resume"
    )


def _changes(before: dict, now: dict, path: str = "") -> list[str]:
    """["model.beta: 1, asked 4", ...] of what counts."""
    found = []
    for key in sorted(before.keys() | now.keys()):
        name = f"{path}{key}"
        old, new = before.get(key), now.get(key)
        if _is_free(name) or old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            found += _changes(old, new, f"{name}.")
        else:
            found.append(f"{name}: {_short(old)}, asked {_short(new)}")
    return found


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) < 40 else text[:37] + "..."


def _at(config: Any, key: str) -> Any:
    for part in key.split("."):
        if not isinstance(config, dict):
            return None
        config = config.get(part)
    return config
