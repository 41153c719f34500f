"""aecli finetune: a classifier that starts from the run's encoder, against one from scratch."""

import math
import pathlib
import sys
from typing import Annotated

import numpy as np
from omegaconf import DictConfig
from pydantic import Field

from aecli import build, look, runs
from aecli.console.table import show_table
from aecli.datasets.layout import layout
from aecli.errors import BadRequest, NotApplicable
from aecli.files import as_json, replacing, write_json
from aecli.io import request, tables
from aecli.quantity import HIGHER, Quantity, beside
from aecli.runs import labelled

NAMES = {"pretrained": "pre-trained encoder", "scratch": "from scratch"}
ABOUT = {
    "test_accuracy": Quantity("", HIGHER, "share of the test images that are told right"),
    "val_accuracy": Quantity("", HIGHER, "that of the validation images, in the best epoch"),
}
Count = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0)]


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
    request.check(cfg, _keys)
    run = request.opened(cfg)
    labelled.check(run)
    rows = _rows(run, cfg.labels_per_class, cfg.seed)
    request.wake(run)
    if run.model.label_count is not None:
        raise NotApplicable("finetune needs a model that is told no labels: they are the answer")
    from aecli.figures import style
    from aecli.figures.finetuning import finetuning
    from aecli.training.classifier import accuracy
    from aecli.untrusted import keras_file

    train, val, test = _images(run, rows)
    both = _trained(cfg, run, train, val)
    values: dict = {"train_images": len(train.y), "val_images": len(val.y)}
    values |= {"test_images": len(test.y), "labels_per_class": cfg.labels_per_class}
    values |= {key: cfg[key] for key in ("frozen_epochs", "epochs", "seed")}
    values["labels"] = _label_names(run)
    for name, one in both.items():
        values[name] = {
            "test_accuracy": accuracy(one.model, test),
            "val_accuracy": max(one.history["val_accuracy"]),
            "epoch": one.epoch,
        }
    values |= beside(ABOUT)
    figure = finetuning(run, {NAMES[name]: one.history for name, one in both.items()}, values)
    folder = run.new_eval_folder()
    tables.write(folder / "history.csv", _columns(both))
    style.name_shown(figure, request.shown(cfg))
    run.save_figure(figure, "finetune", folder=folder)
    with replacing(folder / "classifier.keras") as temporary:
        keras_file.save(both["pretrained"].model, temporary)
    write_json(folder / "metrics.json", values)
    return run, values, folder


def _keys(
    labels_per_class: Count | None,
    frozen_epochs: Annotated[int, Field(ge=0)],
    epochs: Count,
    batch_size: Count,
    steps_per_epoch: Annotated[int, Field(ge=0)],
    learning_rate: Rate,
    finetuning_rate: Rate,
    seed: Annotated[int, Field(ge=0, lt=2**31)],
): ...


def _rows(run: runs.Run, per_class: int | None, seed: int) -> np.ndarray:
    """Which training images are used. Raises BadRequest where a class has too few."""
    from aecli.metrics.base import MAX_VALUES
    from aecli.metrics.probing import draw_rows

    labels = run.splits.train.needed_labels()
    if per_class is None:
        return np.arange(len(labels))[: MAX_VALUES // math.prod(run.data_shape)]
    kinds, counts = np.unique(labels, return_counts=True)
    if per_class > counts.min():
        raise BadRequest(
            f"labels_per_class={per_class}: label {kinds[counts.argmin()]} has {counts.min()} "
            f"training images\ntake at most labels_per_class={counts.min()}, or null for all"
        )
    return draw_rows(labels, per_class, seed)


def _images(run: runs.Run, rows: np.ndarray) -> list:
    """The training images at these rows, validation and test images, all of them clean."""
    from aecli.training.classifier import Images

    kinds = np.unique(run.splits.train.needed_labels())
    found = []
    for name in labelled.PARTS:
        part = getattr(run.splits, name)
        part = part.take(rows) if name == "train" else part
        x = run.preparation.frozen(part.x[:])[1]
        found.append(Images(x, np.searchsorted(kinds, part.needed_labels())))
    return found


def _trained(cfg: DictConfig, run: runs.Run, train, val) -> dict:
    """{"pretrained", "scratch"}: one network, with the run's weights and with new ones."""
    from aecli.training.classifier import Phase, classifier, fit

    classes = len(np.unique(run.splits.train.needed_labels()))
    first = Phase(cfg.frozen_epochs, cfg.learning_rate, frozen=True)
    second = Phase(cfg.epochs, cfg.finetuning_rate)
    alone = Phase(cfg.frozen_epochs + cfg.epochs, cfg.learning_rate)
    both = {}
    for name, phases in {"pretrained": [first, second], "scratch": [alone]}.items():
        own = {**run.config, "seed": cfg.seed}
        of_data = layout(run.learnt), run.learnt.vocabulary
        fresh = build.model(own, run.data_shape, None, *of_data, run.model.train_count)
        if name == "pretrained":
            fresh.encoder.set_weights(run.model.encoder.get_weights())
        model = classifier(fresh.image_encoder(), classes, cfg.seed)
        steps = cfg.batch_size, cfg.steps_per_epoch
        both[name] = fit(model, train, val, phases, *steps, cfg.seed, NAMES[name])
    return both


def _label_names(run: runs.Run) -> list:
    """What the classifier's outputs stand for, in their order."""
    names = run.splits.label_names
    kinds = np.unique(run.splits.train.needed_labels()).tolist()
    return [names[kind] for kind in kinds] if names else kinds


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
