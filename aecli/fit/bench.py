"""Seconds an epoch of two or more sides: processes of their own, in turn, and their ratios."""

import dataclasses
import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any, Literal

from omegaconf import DictConfig

from aecli import build
from aecli.errors import RunFailed

By = Literal["plain", "keras", "aecli"]
TITLES: dict[By, str] = {
    "plain": "plain Keras script",
    "keras": "stock Keras fit",
    "aecli": "aecli",
}


@dataclasses.dataclass(frozen=True)
class Side:
    """What is timed: key in the JSON, title, by whom it is trained, and its config."""

    key: str
    title: str
    by: By
    config: DictConfig


def examples(sides: Sequence[Side]) -> dict[str, int]:
    """{side: how many it trains on}; data of several sides are read once. Raises BadRequest."""
    configs = {id(side.config): side.config for side in sides}
    counts = {
        key: len(build.component(config.dataset, "dataset").load().train)
        for key, config in configs.items()
    }
    return {side.key: counts[id(side.config)] for side in sides}


def in_turn(
    sides: Sequence[Side], rounds: int, told: Callable[[str], Any]
) -> dict[str, list[dict]]:
    """{side: [figures of a round]}, each by a process of its own. Raises RunFailed.

    told: takes a line before each of them.
    """
    measured: dict[str, list[dict]] = {side.key: [] for side in sides}
    for number in range(rounds):
        for side in sides:
            told(f"round {number + 1}/{rounds}: {side.title}")
            measured[side.key].append(_measure(side))
    return measured


def _measure(side: Side) -> dict:
    # -P: a json.py that happens to lie in the working directory is not the one to import
    command = [sys.executable, "-P", "-m", "aecli.fit.bench_side", side.by]
    config = json.dumps(build.plain(side.config))
    done = subprocess.run(command, input=config, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
        raise RunFailed(f"bench of {side.title} failed: {last}")
    return json.loads(done.stdout.splitlines()[-1])


def figures_of(rounds: list[dict], images: int) -> dict[str, Any]:
    """The figures of a side over its rounds; the first epoch of each is left out."""
    steady = [seconds for r in rounds for seconds in r["epoch_seconds"][1:]]
    return {
        "first_step_seconds": statistics.median(r["first_step_seconds"] for r in rounds),
        "epoch_seconds": statistics.median(steady),
        "epoch_seconds_range": [min(steady), max(steady)],
        "images_a_second": images / statistics.median(steady),
        "peak_megabytes": max(r["peak_megabytes"] for r in rounds),
        "loss": rounds[-1]["loss"],
        "val_loss": rounds[-1]["val_loss"],
        "unit": rounds[-1]["unit"],
    }


def ratio(one: list[dict], other: list[dict]) -> dict[str, Any]:
    """How many times as long an epoch of the one takes as of the other.

    ratio: of the medians of all steady epochs; ratio_range: of those of the two in each round.
    """
    pairs = [_steady(a) / _steady(b) for a, b in zip(one, other, strict=True)]
    whole, beside = ([s for r in side for s in r["epoch_seconds"][1:]] for side in (one, other))
    return {
        "ratio": statistics.median(whole) / statistics.median(beside),
        "ratio_range": [min(pairs), max(pairs)],
    }


def summary(measured: dict[str, list[dict]], images: dict[str, int]) -> dict[str, Any]:
    """The figures of two sides over their rounds, and how long the first takes beside the second.

    measured: {side: [figures of a round]}.
    """
    first, second = measured.values()
    figures = {side: figures_of(rounds, images[side]) for side, rounds in measured.items()}
    return {**ratio(first, second), **figures}


def _steady(figures: dict) -> float:
    return statistics.median(figures["epoch_seconds"][1:])
