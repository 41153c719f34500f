"""aecli eval: a run's figures of merit on a split, beside what any model must beat."""

import json
import sys

from omegaconf import DictConfig

from aecli import build, runs
from aecli.app import quiet
from aecli.app.table import show_table
from aecli.errors import BadRequest
from aecli.files import write_json


def main(cfg: DictConfig) -> None:
    """The command: a table (or JSON) on stdout, metrics.json in the run's eval/<time>/."""
    if cfg.split not in ("train", "val", "test"):
        raise BadRequest(f"split must be train, val or test; got {cfg.split!r}")
    run = runs.open_run(cfg)
    if cfg.run is None:
        print(f"run    {run.folder} (the latest finished one)", file=sys.stderr)
    run.splits  # noqa: B018  (bad data is refused before TensorFlow's seconds)
    quiet.import_tensorflow_quietly(run.config.trainer.threads)
    values = evaluate(run, cfg)
    folder = run.new_eval_folder()
    write_json(folder / "metrics.json", values)
    if cfg.json:
        print(json.dumps(values, indent=2))
        return
    _print(run, cfg, values)
    print(f"written to {folder}/metrics.json", file=sys.stderr)


def evaluate(run: runs.Run, cfg: DictConfig) -> dict:
    """{metric: value, ..., "baselines": {name: {bce, mse, psnr}}, "split": ...}."""
    from aecli.metrics.base import Evaluation
    from aecli.metrics.baselines import baselines

    metrics = build.components(cfg.get("metrics"), "metrics")
    evaluation = Evaluation(run, cfg.split)
    values: dict = {"split": cfg.split, "images": len(evaluation.target)}
    for metric in metrics.values():
        values |= metric(evaluation)
    values["baselines"] = baselines(evaluation)
    return values


def _print(run: runs.Run, cfg: DictConfig, values: dict) -> None:
    pixel = ("bce", "mse", "psnr")
    rows = [[run.status.get("model", "model"), *(_number(values[name]) for name in pixel)]]
    for name, figures in values["baselines"].items():
        rows.append([name, *(_number(figures[key]) for key in pixel)])
    title = f"{run.title}, {values['images']:,} images of the {cfg.split} split"
    print(title)
    show_table(["", "bce (nats/pixel)", "mse (/pixel)", "psnr (dB)"], rows)
    known = (*pixel, "split", "images", "baselines")
    terms = [f"{k} {_number(v)}" for k, v in values.items() if k not in known]
    print("nats an image: " + "  ".join(terms))


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
