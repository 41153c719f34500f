"""aecli probe: how much the codes know of the labels."""

import math
import pathlib
import sys
from typing import Annotated

import numpy as np
from omegaconf import DictConfig
from pydantic import Field

from aecli import look, runs
from aecli.console.table import show_table
from aecli.files import as_json, write_json
from aecli.io import request
from aecli.quantity import beside
from aecli.runs import labelled

Count = Annotated[int, Field(ge=1)]


def main(cfg: DictConfig) -> None:
    """The command: a table (or JSON) on stdout; metrics.json and a figure in eval/<time>/."""
    run, values, folder = probe(cfg)
    if cfg.json:
        print(as_json(values))
    else:
        _print(run, values)
    print(f"written to {folder}/", file=sys.stderr)


@look.drawing
def probe(cfg: DictConfig) -> tuple[runs.Run, dict, pathlib.Path]:
    """-> the run, what metrics.json holds, where it was written.

    {"train_images", "test_images", "seed", "rows": [...], "factors": [...] of data that have
    them, "about"}. Raises BadRequest.
    """
    request.check(cfg, _keys)
    run = request.opened(cfg)
    labelled.check(run)
    request.wake(run)
    from aecli.figures import style
    from aecli.figures.probe_curve import probe_curve
    from aecli.metrics.base import MAX_VALUES
    from aecli.metrics.probe import Probe
    from aecli.metrics.probe_curve import Labelled, by_factor, curve, feature_sets

    n = MAX_VALUES // math.prod(run.data_shape)
    _, train, train_labels = run.examples("train", n=n)
    _, test, test_labels = run.examples("test", n=n)
    assert train_labels is not None  # labelled.check has seen them
    assert test_labels is not None
    sets = feature_sets(run.model, train, test, (train_labels, test_labels))
    pair = Labelled(sets[0], train_labels), Labelled(sets[1], test_labels)
    rows = curve(*pair, list(cfg.labels_per_class), cfg.draws, cfg.seed, cfg.train_images)
    values = {"train_images": len(train), "test_images": len(test), "seed": cfg.seed, "rows": rows}
    of_train, of_test = run.splits.train.factors, run.splits.test.factors
    if of_train is not None and of_test is not None:
        first = sets[0], of_train.take(np.arange(len(train)))
        second = sets[1], of_test.take(np.arange(len(test)))
        values["factors"] = by_factor(first, second, cfg.seed, cfg.train_images)
    values |= beside(Probe.about)
    figure = probe_curve(run, rows, len(np.unique(train_labels)))
    folder = run.new_eval_folder()
    write_json(folder / "metrics.json", values)
    style.name_shown(figure, request.shown(cfg))
    run.save_figure(figure, "probe", folder=folder)
    return run, values, folder


def _keys(
    train_images: Count | None,
    labels_per_class: list[Count],
    draws: Annotated[int, Field(ge=1, le=1000)],
    seed: Annotated[int, Field(ge=0, lt=2**32)],
): ...


def _print(run: runs.Run, values: dict) -> None:
    from aecli.metrics.probe_curve import METHODS

    print(
        f"{run.title}, accuracy on {values['test_images']:,} test {run.spec.nouns}; "
        f"mean ± standard deviation over draws"
    )
    rows = []
    for row in values["rows"]:
        count = row["labels_per_class"]
        labels = f"{row['labels']:,} in all" if count is None else f"{count:,} a class"
        cells = [_accuracy(row[method], row[f"{method}_std"]) for method in METHODS]
        rows.append([row["features"], labels, *cells])
    show_table(["features", "labels", *METHODS.values()], rows)
    if "factors" in values:
        print("\naccuracy by factor, all labels")
        show_table(*factor_table(values["factors"]))


def factor_table(factors: list[dict]) -> tuple[list[str], list[list[str]]]:
    """(headers, rows) of metrics.json's "factors"."""
    from aecli.metrics.probe_curve import METHODS

    columns = [*METHODS, "most_frequent"]
    rows = [
        [row["factor"], str(row["values"]), row["features"]]
        + [_accuracy(row[column], None) for column in columns]
        for row in factors
    ]
    return ["factor", "values", "features", *METHODS.values(), "most frequent value"], rows


def _accuracy(mean: float, std: float | None) -> str:
    return f"{100 * mean:.2f} %" + ("" if std is None else f" ± {100 * std:.2f}")
