"""How a training that ended can be made longer, and when that would make its past another."""

import dataclasses
from typing import TYPE_CHECKING, Any

from aecli import build, runs, typed
from aecli.errors import BadRequest
from aecli.training import state as states

if TYPE_CHECKING:  # it imports TensorFlow, which a refusal need not wait for
    from aecli.fit.plan import Plan

LENGTH = ("trainer.epochs", "trainer.steps")
STOPPING = "early_stopping"
PATIENCE = f"callbacks.{STOPPING}.patience"


def check(state: states.State, plan: "Plan") -> None:
    """Raises BadRequest where an uninterrupted training of this length would not have come here."""
    _check_patience(state, plan)
    old, new = state.about["config"]["trainer"], build.plain(plan.config.trainer)
    if all(old[key.partition(".")[2]] == new[key.partition(".")[2]] for key in LENGTH):
        return
    before = build.component(old, "trainer").total_steps(plan.images)
    now = plan.trainer.total_steps(plan.images)
    if now < min(_done(state, plan), before):
        raise BadRequest(
            f"{_length(new)} is less than what is done: {state.epoch} epochs\n"
            "its best epoch is in checkpoints/best.keras"
        )
    if obstacle := _obstacle(state, plan, old, before, now):
        raise BadRequest(obstacle)


def go_on(state: states.State | None, plan: "Plan") -> states.State | None:
    """The state; where early stopping ended the training and has more patience now, as before it.

    The best value and the epochs since do not depend on the patience: a training of that patience
    from the start has come to the same state, and has not stopped.
    """
    if state is None or not _stopped_early(state):
        return state
    before, now = _patience(state.about["config"]), _patience(plan.config)
    assert before is not None  # it stopped
    assert now is not None  # and is the same training
    if now <= before:
        return state
    memory = state.callbacks[STOPPING] | {"stopped_epoch": 0}
    callbacks = state.callbacks | {STOPPING: memory}
    return dataclasses.replace(state, stopped=False, callbacks=callbacks)


def nothing_left(run: runs.Run, state: states.State, plan: "Plan") -> str:
    """Why there is nothing to do, and what to type for more of it."""
    text = f"nothing to do: {run.folder} is done, {state.epoch} epochs"
    trainer, settings = build.plain(plan.config.trainer), {}
    if state.stopped and _stopped_early(state):
        patience = _patience(plan.config)
        assert patience is not None  # else it would not have stopped
        text += f": early stopping ended it, with a patience of {patience}"
        settings[PATIENCE] = max(1, 2 * patience)
    if state.epoch >= plan.epochs:
        steps = plan.trainer.total_steps(plan.images)
        if obstacle := _obstacle(state, plan, trainer, steps, 2 * steps):
            return f"{text}\nno more of them: {obstacle}"
        key = _key(trainer)
        settings[key] = 2 * trainer[key.partition(".")[2]]
    if not settings:
        return f"{text}: one of its callbacks ended it"
    return f"{text}\nmore of them: {typed.command('train', resume=run.folder, **settings)}"


def _obstacle(state, plan: "Plan", old: dict[str, Any], before: int, now: int) -> str | None:
    """Why a training of `before` steps cannot become one of `now`; None where it can."""
    per_epoch = plan.feed.steps_per_epoch
    if before % per_epoch and _done(state, plan) >= before:
        return (
            f"trainer.steps={old['steps']} ended inside an epoch\n"
            f"such a run cannot be made longer: begin anew with trainer.steps={now}"
        )
    node = build.plain(plan.config)
    rates = [
        build.optimizer(node, n, per_epoch).get_config()["learning_rate"] for n in (before, now)
    ]
    if rates[0] != rates[1]:
        return (
            "the schedule spans the whole training: with another length every learning rate so far "
            f"would have been another\nkeep {_length(old)}, or begin anew"
        )
    return None


def _check_patience(state: states.State, plan: "Plan") -> None:
    before, now = _patience(state.about["config"]), _patience(plan.config)
    if before is not None and now is not None and now < before:
        raise BadRequest(
            f"{PATIENCE}={now} is less than the {before} of the training so far, which it might "
            f"have ended before\ntake {PATIENCE}={before} or more, or begin anew"
        )


def _done(state: states.State, plan: "Plan") -> int:
    return state.epoch * plan.feed.steps_per_epoch + state.step


def _patience(config: Any) -> int | None:
    node = (config.get("callbacks") or {}).get(STOPPING)
    return None if node is None else node["patience"]


def _stopped_early(state: states.State) -> bool:
    return bool(state.callbacks.get(STOPPING, {}).get("stopped_epoch"))


def _key(trainer: dict[str, Any]) -> str:
    return "trainer.steps" if trainer["steps"] else "trainer.epochs"


def _length(trainer: dict[str, Any]) -> str:
    """trainer.epochs=50, or trainer.steps=10000 where that counts."""
    key = _key(trainer)
    return f"{key}={trainer[key.partition('.')[2]]}"
