"""The callbacks of a training, built in one place for whoever trains: alone, chief or follower."""

import pathlib
from typing import Any

from aecli import build
from aecli.fit import tracking
from aecli.fit.plan import Plan
from aecli.training.callbacks import progress
from aecli.training.callbacks.agreement import Agreement
from aecli.training.callbacks.interruption import Interruption
from aecli.training.callbacks.order import in_order
from aecli.training.callbacks.pruning import Pruning
from aecli.training.signals import Signals
from aecli.tuning import current_trial


def of_run(
    plan: Plan, signals: Signals, folder: str, state=None, verbose: bool = True
) -> dict[str, Any]:
    """Returns {name: callback} of a training that writes into a run folder.

    state: the State that it goes on from, None where it begins. verbose: whether there is a bar.
    """
    built = build.components(plan.config.get("callbacks"), "callbacks", folder=folder)
    if (checkpoint := built.get("checkpoint")) is not None:
        checkpoint.describe(plan.about)
        if state is not None:
            checkpoint.begin_from(state, plan.model)
    tracking.describe(plan, pathlib.Path(folder), built)
    if (trial := current_trial.current(plan.epochs)) is not None:
        built["pruning"] = Pruning(trial, plan.epochs)
    if progress.show_bar(verbose):
        built["bar"] = _bar(plan, state)
    return _with_own(plan, signals, built)


def of_follower(plan: Plan, signals: Signals) -> dict[str, Any]:
    """Returns {name: callback} of a worker that writes nothing: those that want no folder."""
    nodes = build.plain(plan.config.get("callbacks") or {})
    acting = {name: node for name, node in nodes.items() if not build.takes(node, "folder")}
    return _with_own(plan, signals, build.components(acting, "callbacks"))


def _with_own(plan: Plan, signals: Signals, built: dict[str, Any]) -> dict[str, Any]:
    replicas, agreement = plan.trainer.join_replicas(), None
    if replicas is not None and replicas.workers > 1:
        agreement = Agreement(replicas, signals)
    own = {
        "agreement": agreement,
        "lines": progress.EpochLines(plan.epochs, built.get("checkpoint")),
        "interruption": Interruption(agreement or signals, built.get("checkpoint")),
    }
    return in_order(built | own)


def _bar(plan: Plan, state) -> progress.Bar:
    steps = plan.trainer.total_steps(plan.images)
    done = 0
    if state is not None:
        done = min(steps, state.epoch * plan.feed.steps_per_epoch + state.step)
    return progress.Bar(plan.feed, steps, plan.epochs, done)
