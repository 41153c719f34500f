"""What a training would take and write, by some of its steps; nothing is kept of them."""

import math
import pathlib
import resource
import sys

import tensorflow as tf

from aecli.fit import summary
from aecli.fit.plan import Plan
from aecli.training.callbacks.progress import duration
from aecli.training.trainer import Trial

STATES = 2  # training states that are kept: the last one and the one before it
MB = 1e6


def told(plan: Plan, names: dict, place: pathlib.Path, command: str) -> str:
    """The words of a training's beginning, and what its trial says; place: of the run's folder."""
    plan.begin()
    held = _bytes(plan.model.variables)
    trial = plan.trainer.trial(plan.model, plan.optimizers, plan.feed, plan.images)
    moments = [one for its in plan.optimizers.values() for one in its.variables]
    kept = held + STATES * (2 * held + _bytes(moments))  # best.keras; a state has the best, too
    rows = {
        "weights": _weights(plan, held),
        "batches": _batches(plan),
        "time": _time(plan, trial),
        "memory": f"{_peak() / MB:,.0f} MB at most by now, data and libraries included",
        "disc": f"some {kept / MB:,.1f} MB of checkpoints",
        "files": "  ".join((*summary.FILES, f"checkpoints/last.safetensors  {_figures(plan)}")),
        "dry run": "nothing was written",
        "next": command,
    }
    return "\n".join([summary.opening(plan, names, place), summary.table(rows)])


def _weights(plan: Plan, held: int) -> str:
    model = plan.model
    trained = sum(math.prod(v.shape) for v in model.trainable_variables)
    every = sum(math.prod(v.shape) for v in model.variables)
    text = f"{trained:,} parameters are trained"
    text += f", {every - trained:,} numbers are kept beside" if every > trained else ""
    return f"{text}; {held / MB:,.1f} MB"


def _batches(plan: Plan) -> str:
    """859 of 64 images and one of 24, 20 epochs: 17,200 steps"""
    size, images = plan.trainer.batch_size, plan.images
    whole, rest = divmod(images, size)
    text = f"{whole:,} of {plan.splits.spec.counted(size)}" + (
        f" and one of {rest}" if rest else ""
    )
    return f"{text} an epoch; {plan.trainer.total_steps(images):,} steps in all"


def _time(plan: Plan, trial: Trial) -> str:
    steps = plan.trainer.steps_per_epoch(plan.images)
    epoch = steps * trial.step + trial.validation
    whole = trial.first + plan.trainer.total_steps(plan.images) / steps * epoch
    return (
        f"{epoch:.2g} s an epoch ({1000 * trial.step:.3g} ms a step, {trial.validation:.2g} s of "
        f"validation), {trial.first:.0f} s until the first: {duration(whole)} in all, without "
        f"metrics and figures{_earlier(plan)}"
    )


def _earlier(plan: Plan) -> str:
    can_stop = "early_stopping" in (plan.config.get("callbacks") or {})
    return "; less where it stops early" if can_stop else ""


def _figures(plan: Plan) -> str:
    names = [name for name, node in (plan.config.get("figures") or {}).items() if node]
    return f"figures/: {', '.join(names)}" if names else "no figures"


def _bytes(variables) -> int:
    return sum(math.prod(v.shape) * tf.as_dtype(v.dtype).size for v in variables)


def _peak() -> int:
    """Bytes of memory that this process has had at most."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
