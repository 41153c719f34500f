"""A classifier that starts from a run's encoder, beside the same network from scratch."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from aecli import build
from aecli.datasets.layout import layout
from aecli.errors import BadRequest, NotApplicable
from aecli.quantity import HIGHER, Quantity, beside
from aecli.runs import Run, labelled

NAMES = {"pretrained": "pre-trained encoder", "scratch": "from scratch"}
ABOUT = {
    "test_accuracy": Quantity("", HIGHER, "share of the test images that are told right"),
    "val_accuracy": Quantity("", HIGHER, "that of the validation images, in the best epoch"),
}


def finetuned(run: Run, rows: np.ndarray, asked: Mapping[Any, Any]) -> tuple[dict, dict]:
    """({"pretrained", "scratch": training.classifier.Trained}, what metrics.json holds).

    rows: of the training examples that are used; asked: the settings of io.keys.finetune. Raises
    NotApplicable for a model that is told labels.
    """
    if run.model.label_count is not None:
        raise NotApplicable("finetune needs a model that is told no labels: they are the answer")
    from aecli.training.classifier import accuracy

    train, val, test = _images(run, rows)
    both = _trained(asked, run, train, val)
    values: dict = {"train_images": len(train.y), "val_images": len(val.y)}
    values |= {"test_images": len(test.y), "labels_per_class": asked["labels_per_class"]}
    values |= {key: asked[key] for key in ("frozen_epochs", "epochs", "seed")}
    values["labels"] = _label_names(run)
    for name, one in both.items():
        values[name] = {
            "test_accuracy": accuracy(one.model, test),
            "val_accuracy": max(one.history["val_accuracy"]),
            "epoch": one.epoch,
        }
    return both, values | beside(ABOUT)


def rows(run: Run, per_class: int | None, seed: int) -> np.ndarray:
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


def _images(run: Run, rows: np.ndarray) -> list:
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


def _trained(asked: Mapping[Any, Any], run: Run, train, val) -> dict:
    """{"pretrained", "scratch"}: one network, with the run's weights and with new ones."""
    from aecli.training.classifier import Phase, classifier, fit

    classes = len(np.unique(run.splits.train.needed_labels()))
    first = Phase(asked["frozen_epochs"], asked["learning_rate"], frozen=True)
    second = Phase(asked["epochs"], asked["finetuning_rate"])
    alone = Phase(asked["frozen_epochs"] + asked["epochs"], asked["learning_rate"])
    both = {}
    for name, phases in {"pretrained": [first, second], "scratch": [alone]}.items():
        own = {**run.config, "seed": asked["seed"]}
        of_data = layout(run.learnt), run.learnt.vocabulary
        fresh = build.model(own, run.data_shape, None, *of_data, run.model.train_count)
        if name == "pretrained":
            fresh.encoder.set_weights(run.model.encoder.get_weights())
        model = classifier(fresh.image_encoder(), classes, asked["seed"])
        steps = asked["batch_size"], asked["steps_per_epoch"]
        both[name] = fit(model, train, val, phases, *steps, asked["seed"], NAMES[name])
    return both


def _label_names(run: Run) -> list:
    """What the classifier's outputs stand for, in their order."""
    names = run.splits.label_names
    kinds = np.unique(run.splits.train.needed_labels()).tolist()
    return [names[kind] for kind in kinds] if names else kinds
