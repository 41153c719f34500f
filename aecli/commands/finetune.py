"""aecli finetune: a classifier that starts from the run's encoder, against one from scratch."""

import pathlib
import sys

import numpy as np
from omegaconf import DictConfig

from aecli import look, runs
from aecli.console.table import show_table
from aecli.files import as_json, replacing, write_json
from aecli.fit import finetuning
from aecli.fit.finetuning import NAMES
from aecli.io import keys, request, tables
from aecli.runs import labelled


def main(cfg: DictConfig) -> None:
    """The command: both accuracies on stdout, the files in the run's eval/<time>/."""
    run, values, folder = finetune(cfg)
    if cfg.json:
        print(as_json(values))
    else:
        _print(run, values)
    print(f"written to {folder}/", file=sys.stderr)


@look.drawing
def finetune(cfg: DictConfig) -> tuple[runs.Run, dict, pathlib.Path]:
    """Write metrics.json, history.csv, finetune.png and classifier.keras. Raises BadRequest."""
    request.check(cfg, keys.finetune)
    run = request.opened(cfg)
    labelled.check(run)
    rows = finetuning.rows(run, cfg.labels_per_class, cfg.seed)
    request.wake(run)
    from aecli.figures import finetuning as figures
    from aecli.figures import style
    from aecli.untrusted import keras_file

    both, values = finetuning.finetuned(run, rows, cfg)
    histories = {NAMES[name]: one.history for name, one in both.items()}
    figure = figures.finetuning(run, histories, values)
    folder = run.new_eval_folder()
    tables.write(folder / "history.csv", _columns(both))
    style.name_shown(figure, request.shown(cfg))
    run.save_figure(figure, "finetune", folder=folder)
    with replacing(folder / "classifier.keras") as temporary:
        keras_file.save(both["pretrained"].model, temporary)
    write_json(folder / "metrics.json", values)
    return run, values, folder


def _columns(both: dict) -> dict[str, np.ndarray]:
    history = {f"{name}_{key}": v for name, one in both.items() for key, v in one.history.items()}
    epochs = np.arange(1, len(next(iter(history.values()))) + 1)
    return {"epoch": epochs} | {key: np.array(values) for key, values in history.items()}


def _print(run: runs.Run, values: dict) -> None:
    per_class = values["labels_per_class"]
    labels = "all labels" if per_class is None else f"{per_class:,} labels a class"
    print(f"{run.title}, {labels}: {values['train_images']:,} training {run.spec.nouns}")
    rows = [
        [name, f"{100 * one['test_accuracy']:.2f} %", f"{100 * one['val_accuracy']:.2f} %",
         str(one["epoch"])]
        for key, name in NAMES.items() if (one := values[key])
    ]  # fmt: skip
    show_table(["classifier", "test accuracy", "val accuracy", "epoch (best val)"], rows)
