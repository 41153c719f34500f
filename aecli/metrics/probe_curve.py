"""Accuracy by number of labels, on codes and on what they must beat: pixels and PCA."""

import dataclasses
import math
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from tqdm import tqdm

from aecli.datasets.factors import Factors
from aecli.metrics.base import MAX_VALUES
from aecli.metrics.baselines import ROWS, flat
from aecli.metrics.probe import Probe
from aecli.metrics.probing import draw_rows, probe_accuracy
from aecli.quantity import beside
from aecli.runs import Run

PLAIN = {"image": "pixels", "table": "values", "series": "values", "text": "numbers of the tokens"}
METHODS = {"logistic_accuracy": "logistic regression", "knn_accuracy": "5 nearest neighbours"}


@dataclasses.dataclass(frozen=True)
class Labelled:
    """x: {feature set: [N, D]}; labels: [N]."""

    x: dict[str, np.ndarray]
    labels: np.ndarray


def feature_sets(
    model, train: np.ndarray, test: np.ndarray, labels=(None, None)
) -> tuple[dict, dict]:
    """Clean images [N, H, W, C] twice -> {feature set: [N, D]} twice: code, pixels, PCA.

    labels: [N] twice, for a model that asks for them.

    PCA has as many components as the code has numbers, and is fitted on the first ROWS training
    images.
    """
    both = zip((train, test), labels, strict=True)
    codes = [model.encode(x, label=label).reshape(len(x), -1) for x, label in both]
    plain = [flat(x) for x in (train, test)]
    size = min(codes[0].shape[1], *plain[0][:ROWS].shape)
    pca = PCA(size, random_state=0).fit(plain[0][:ROWS])
    reduced = [pca.transform(x) for x in plain]
    given = PLAIN[model.spec.kind]
    names = (f"code, {codes[0].shape[1]} numbers", given, f"PCA, {size} components")
    found = (codes, plain, reduced)
    first, second = ({n: f[i] for n, f in zip(names, found, strict=True)} for i in (0, 1))
    return first, second


def curve(
    train: Labelled,
    test: Labelled,
    labels_per_class: list[int],
    draws: int,
    seed: int,
    train_images: int | None = None,
) -> list[dict]:
    """A row a feature set and number of labels; the last of each set has no such number.

    {"features", "labels_per_class", "labels", "draws", and for each of METHODS its mean over the
    draws and its standard deviation as name_std, None of a single draw}. A number that a class has
    not so many images of is left out. The last row, labels_per_class None, is fitted once on
    train_images of the training images (None: all). The draws are the same for all feature sets.
    """
    least = int(np.unique(train.labels, return_counts=True)[1].min())
    sizes = [count for count in sorted(set(labels_per_class)) if count <= least]
    chosen: dict[int | None, list[np.ndarray]] = {
        count: [draw_rows(train.labels, count, (seed, count, i)) for i in range(draws)]
        for count in sizes
    }
    chosen[None] = [np.random.default_rng(seed).permutation(len(train.labels))[:train_images]]
    jobs = [(name, count) for name in train.x for count in chosen]
    bar = tqdm(jobs, desc="probe", unit="fit", leave=False, delay=1, disable=None)
    return [_row(train, test, name, count, chosen[count], seed) for name, count in bar]


def probed(
    run: Run, labels_per_class: list[int], draws: int, seed: int, train_images: int | None
) -> dict[str, Any]:
    """What `aecli probe` finds out: how well the run's test labels are told from features.

    {"train_images", "test_images", "seed", "rows": as of curve, "factors": as of by_factor, where
    the data have some, "about"}. All examples have labels.
    """
    n = MAX_VALUES // math.prod(run.data_shape)
    _, train, train_labels = run.examples("train", n=n)
    _, test, test_labels = run.examples("test", n=n)
    assert train_labels is not None  # runs.labelled.check has seen them
    assert test_labels is not None
    sets = feature_sets(run.model, train, test, (train_labels, test_labels))
    pair = Labelled(sets[0], train_labels), Labelled(sets[1], test_labels)
    rows = curve(*pair, labels_per_class, draws, seed, train_images)
    values = {"train_images": len(train), "test_images": len(test), "seed": seed, "rows": rows}
    of_train, of_test = run.splits.train.factors, run.splits.test.factors
    if of_train is not None and of_test is not None:
        first = sets[0], of_train.take(np.arange(len(train)))
        second = sets[1], of_test.take(np.arange(len(test)))
        values["factors"] = by_factor(first, second, seed, train_images)
    return values | beside(Probe.about)


def by_factor(
    train: tuple[dict, Factors], test: tuple[dict, Factors], seed: int, most: int | None = None
) -> list[dict]:
    """A row a factor and feature set: how well classifiers tell its values, of all but pixels.

    train, test: ({feature set: [N, D]}, factors). {"factor", "values", "features", each of METHODS,
    "most_frequent": the accuracy of always saying the value that training has most often}.
    Factors of one value are left out. most: training images at most.
    """
    names = [name for name in train[0] if name not in PLAIN.values()]
    rows = np.random.default_rng(seed).permutation(len(train[1].values))[:most]
    jobs = [(k, name) for k in range(len(train[1].names)) for name in names]
    found = []
    for k, name in tqdm(jobs, desc="factors", unit="fit", leave=False, delay=1, disable=None):
        values, held = train[1].values[rows, k], test[1].values[:, k]
        there, counts = np.unique(values, return_counts=True)
        if len(there) > 1:
            told = probe_accuracy(train[0][name][rows], values, test[0][name], held, seed)
            chance = float(np.mean(held == there[counts.argmax()]))
            head = {"factor": train[1].names[k], "values": len(there), "features": name}
            found.append(head | told | {"most_frequent": chance})
    return found


def _row(train: Labelled, test: Labelled, name: str, count: int | None, draws: list, seed: int):
    found = [
        probe_accuracy(train.x[name][rows], train.labels[rows], test.x[name], test.labels, seed)
        for rows in draws
    ]
    row = {"features": name, "labels_per_class": count, "labels": len(draws[0])}
    row["draws"] = len(draws)
    for method in METHODS:
        values = [one[method] for one in found]
        row[method] = float(np.mean(values))
        row[f"{method}_std"] = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return row
