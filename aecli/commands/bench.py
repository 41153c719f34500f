"""aecli bench: seconds an epoch beside stock Keras fit, in processes of their own, in turn."""

import json
import pathlib
import statistics
import subprocess
import sys
import time

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from aecli import build
from aecli.console.table import show_table
from aecli.errors import BadRequest, RunFailed
from aecli.files import as_json, unique_folder, write_json
from aecli.quantity import Quantity

SIDES = {"keras": "stock Keras fit", "aecli": "aecli"}


def main(cfg: DictConfig) -> None:
    """The command: a table (or JSON) on stdout, bench.json in a folder under outputs."""
    for key in ("rounds", "timed"):
        if type(cfg[key]) is not int or cfg[key] < 1:
            raise BadRequest(f"{key} must be a whole number of 1 or more; got {cfg[key]!r}")
    splits = build.component(cfg.dataset, "dataset").load()
    choices = HydraConfig.get().runtime.choices
    name = choices["experiment"] or f"{choices['model']}_{choices['dataset']}"
    folder = unique_folder(
        pathlib.Path(cfg.outputs) / time.strftime(f"%Y-%m-%d/%H-%M-%S_bench_{name}")
    )
    sides: dict[str, list[dict]] = {side: [] for side in SIDES}
    for number in range(cfg.rounds):
        for side in SIDES:
            print(f"round {number + 1}/{cfg.rounds}: {SIDES[side]}", file=sys.stderr, flush=True)
            sides[side].append(_measure(side, build.plain(cfg)))
    figures = summary(sides, len(splits.train))
    write_json(folder / "bench.json", {"experiment": name, **figures, "rounds": sides})
    if cfg.json:
        print(as_json(figures))
    else:
        _print(name, figures)
    print(f"written to {folder}/bench.json", file=sys.stderr)


def _measure(side: str, config: dict) -> dict:
    # -P: a json.py that happens to lie in the working directory is not the one to import
    command = [sys.executable, "-P", "-m", "aecli.fit.bench_side", side]
    done = subprocess.run(command, input=json.dumps(config), capture_output=True, text=True)
    if done.returncode:
        raise RunFailed(f"bench of {SIDES[side]} failed: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def summary(sides: dict[str, list[dict]], images: int) -> dict:
    """The figures of each side over its rounds, and the ratio of the steady epochs."""
    figures: dict = {}
    for side, rounds in sides.items():
        steady = [seconds for r in rounds for seconds in r["epoch_seconds"][1:]]
        figures[side] = {
            "first_step_seconds": statistics.median(r["first_step_seconds"] for r in rounds),
            "epoch_seconds": statistics.median(steady),
            "epoch_seconds_range": [min(steady), max(steady)],
            "images_a_second": images / statistics.median(steady),
            "peak_megabytes": max(r["peak_megabytes"] for r in rounds),
            "loss": rounds[-1]["loss"],
            "val_loss": rounds[-1]["val_loss"],
            "unit": rounds[-1]["unit"],
        }
    keras, aecli = figures["keras"], figures["aecli"]
    return {"ratio": keras["epoch_seconds"] / aecli["epoch_seconds"], **figures}


def _print(name: str, figures: dict) -> None:
    rows = []
    for side, title in SIDES.items():
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
    val_loss = Quantity(figures["aecli"]["unit"]).label("val_loss")
    headers = [name, "first step (s)", "epoch (s)", "examples/s", "peak (MB)", val_loss]
    show_table(headers, rows)
    print(f"stock Keras fit takes {figures['ratio']:.2f} times as long an epoch as aecli")
