"""Run folders made up for comparisons: real configs, invented numbers, no training."""

import functools
import json
import pathlib

from omegaconf import OmegaConf

from aecli import runs
from aecli.comparison.leaderboard import Leaderboard, leaderboard
from aecli.comparison.sources import Source, find
from aecli.console.compose import composed
from aecli.console.root_keys import COMMAND_KEYS
from aecli.runs import sweeps

GROUPS = ("model", "dataset", "noise", "experiment")


class Maker:
    """maker.sweep([["seed=0"], ["seed=1"]], [{"val_loss": 3.0}, {"val_loss": 4.0}]) -> folder."""

    def __init__(self, root: pathlib.Path):
        self.root = root / "outputs" / "2026-01-02"
        self.root.mkdir(parents=True)

    def sweep(self, overrides: list[list[str]], values: list[dict | str], name="sweep"):
        """values: metrics of a finished job, val_loss among them, or the state of another."""
        folder = self.root / name
        folder.mkdir()
        asked = [sweeps.Asked(o, *_composed(o)) for o in overrides]
        for job, value in zip(sweeps.create(folder, asked).jobs, values, strict=True):
            finish(job.folder, value)
        return folder

    def run(self, overrides: list[str], value: dict | str, name: str) -> pathlib.Path:
        folder = self.root / name
        folder.mkdir()
        config, names = _composed(overrides)
        runs.create(folder, config, overrides, {"command": "train", **names})
        finish(folder, value)
        return folder

    def board(self, overrides: list[list[str]], values: list, metric=None) -> Leaderboard:
        return leaderboard(source(self.sweep(overrides, values)), metric)


def source(*folders) -> Source:
    return find([str(folder) for folder in folders])


def product(**keys: list) -> list[list[str]]:
    """product(a=[1, 2], seed=[0]) -> [["a=1", "seed=0"], ["a=2", "seed=0"]]; __ is a dot."""
    jobs: list[list[str]] = [[]]
    for key, values in keys.items():
        jobs = [[*job, f"{key.replace('__', '.')}={value}"] for job in jobs for value in values]
    return jobs


def finish(folder: pathlib.Path, value: dict | str) -> None:
    """Write what a training would have written by the end, or the state that it got stuck in."""
    run = runs.Run(folder)
    run.update_status(data_shape=[8, 8, 1])
    if isinstance(value, str):
        state, _, error = value.partition(": ")
        run.update_status(state=state, error=error or None)
        return
    val_loss, metrics = value.get("val_loss"), {k: v for k, v in value.items() if k != "val_loss"}
    (folder / "metrics.json").write_text(json.dumps(metrics))
    losses = [(val_loss or 1.0) * (1 + 2.0**-epoch) for epoch in range(1, 13)]
    rows = [f"{epoch},{loss},{loss},{loss}" for epoch, loss in enumerate(losses, start=1)]
    header = "epoch,loss,val_loss,val_reconstruction"
    (folder / "history.csv").write_text("\n".join([header, *rows, ""]))
    run.finish("done", val_loss=val_loss, epochs_done=12, best_epoch=12, figures=[])


@functools.cache
def _composed_once(overrides: tuple[str, ...]):
    return composed("train", list(overrides))


def _composed(overrides: list[str]):
    seeds = [o for o in overrides if o.startswith("seed=")]  # composing takes a while: once for all
    found = _composed_once(tuple(o for o in overrides if o not in seeds))
    keys = [key for key in found.config if key not in COMMAND_KEYS]
    config = OmegaConf.masked_copy(found.config, keys)
    config.seed = int(seeds[0].partition("=")[2]) if seeds else 0
    return config, {group: found.choices[group] for group in GROUPS}
