"""aecli bench: seconds an epoch beside stock Keras fit, or another setting, in turn."""

import dataclasses
import json
import pathlib
import statistics
import subprocess
import sys
import time

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from aecli import build
from aecli.console.compose import composed
from aecli.console.table import show_table
from aecli.errors import BadRequest, RunFailed
from aecli.files import as_json, unique_folder, write_json
from aecli.quantity import Quantity


@dataclasses.dataclass(frozen=True)
class Side:
    """What is timed: key in bench.json, title, whether by aecli or stock Keras, and its config."""

    key: str
    title: str
    by: str
    config: DictConfig


def main(cfg: DictConfig) -> None:
    """The command: a table (or JSON) on stdout, bench.json in a folder under outputs."""
    for key in ("rounds", "timed"):
        if type(cfg[key]) is not int or cfg[key] < 1:
            raise BadRequest(f"{key} must be a whole number of 1 or more; got {cfg[key]!r}")
    sides = _sides(cfg)
    configs = {id(side.config): side.config for side in sides}  # data of two sides are read once
    counts = {
        key: len(build.component(config.dataset, "dataset").load().train)
        for key, config in configs.items()
    }
    images = {side.key: counts[id(side.config)] for side in sides}
    choices = HydraConfig.get().runtime.choices
    name = choices["experiment"] or f"{choices['model']}_{choices['dataset']}"
    folder = unique_folder(
        pathlib.Path(cfg.outputs) / time.strftime(f"%Y-%m-%d/%H-%M-%S_bench_{name}")
    )
    measured: dict[str, list[dict]] = {side.key: [] for side in sides}
    for number in range(cfg.rounds):
        for side in sides:
            print(f"round {number + 1}/{cfg.rounds}: {side.title}", file=sys.stderr, flush=True)
            measured[side.key].append(_measure(side))
    figures = summary(measured, images)
    titles = {side.key: side.title for side in sides}
    write_json(
        folder / "bench.json",
        {"experiment": name, "titles": titles, **figures, "rounds": measured},
    )
    if cfg.json:
        print(as_json(figures))
    else:
        _print(name, titles, figures)
    print(f"written to {folder}/bench.json", file=sys.stderr)


def _sides(cfg: DictConfig) -> list[Side]:
    """The one that is compared with first."""
    if cfg.against is None:
        return [
            Side("keras", "stock Keras fit", "keras", cfg),
            Side("aecli", "aecli", "aecli", cfg),
        ]
    words = list(HydraConfig.get().overrides.task)
    ours = [word for word in words if not word.startswith("against=")]
    other = composed("bench", [*ours, *cfg.against]).config
    first = Side("first", " ".join(ours) or "as it stands", "aecli", cfg)
    return [first, Side("second", "with " + " ".join(cfg.against), "aecli", other)]


def _measure(side: Side) -> dict:
    # -P: a json.py that happens to lie in the working directory is not the one to import
    command = [sys.executable, "-P", "-m", "aecli.fit.bench_side", side.by]
    config = json.dumps(build.plain(side.config))
    done = subprocess.run(command, input=config, capture_output=True, text=True)
    if done.returncode:
        raise RunFailed(f"bench of {side.title} failed: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def summary(measured: dict[str, list[dict]], images: dict[str, int]) -> dict:
    """The figures of each side over its rounds, and how long the first takes beside the second.

    measured: {side: [figures of a round]}, two sides. ratio: of the medians of the steady epochs,
    the first left out; ratio_range: of those of the two in each round.
    """
    figures: dict = {}
    for side, rounds in measured.items():
        steady = [seconds for r in rounds for seconds in r["epoch_seconds"][1:]]
        figures[side] = {
            "first_step_seconds": statistics.median(r["first_step_seconds"] for r in rounds),
            "epoch_seconds": statistics.median(steady),
            "epoch_seconds_range": [min(steady), max(steady)],
            "images_a_second": images[side] / statistics.median(steady),
            "peak_megabytes": max(r["peak_megabytes"] for r in rounds),
            "loss": rounds[-1]["loss"],
            "val_loss": rounds[-1]["val_loss"],
            "unit": rounds[-1]["unit"],
        }
    first, second = figures.values()
    pairs = zip(*measured.values(), strict=True)
    ratios = [_steady(one) / _steady(other) for one, other in pairs]
    return {
        "ratio": first["epoch_seconds"] / second["epoch_seconds"],
        "ratio_range": [min(ratios), max(ratios)],
        **figures,
    }


def _steady(figures: dict) -> float:
    return statistics.median(figures["epoch_seconds"][1:])


def _print(name: str, titles: dict[str, str], figures: dict) -> None:
    rows = []
    for side, title in titles.items():
        f = figures[side]
        low, high = f["epoch_seconds_range"]
        rows.append(
            [
                title,
                f"{f['first_step_seconds']:.1f}",
                f"{f['epoch_seconds']:.3g} ({low:.3g} to {high:.3g})",
                f"{f['images_a_second']:,.0f}",
                f"{f['peak_megabytes']:,.0f}",
                f"{f['val_loss']:.5g}",
            ]
        )
    first, second = titles
    val_loss = Quantity(figures[second]["unit"]).label("val_loss")
    headers = [name, "first step (s)", "epoch (s)", "examples/s", "peak (MB)", val_loss]
    show_table(headers, rows)
    low, high = figures["ratio_range"]
    spread = "" if low == high else f" ({low:.2f} to {high:.2f} in a round)"
    print(
        f"{titles[first]} takes {figures['ratio']:.2f} times{spread} as long an epoch as "
        f"{titles[second]}"
    )
