"""aecli probe: how much the codes know of the labels."""

import pathlib
import sys

from omegaconf import DictConfig

from aecli import look, runs
from aecli.console.table import show_table
from aecli.files import as_json, write_json
from aecli.io import keys, request
from aecli.runs import labelled


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
    request.check(cfg, keys.probe)
    run = request.opened(cfg)
    labelled.check(run)
    request.wake(run)
    from aecli.figures import style
    from aecli.figures.probe_curve import probe_curve
    from aecli.metrics.probe_curve import probed

    asked = (list(cfg.labels_per_class), cfg.draws, cfg.seed, cfg.train_images)
    values = probed(run, *asked)
    figure = probe_curve(run, values["rows"], labelled.kinds(run))
    folder = run.new_eval_folder()
    write_json(folder / "metrics.json", values)
    style.name_shown(figure, request.shown(cfg))
    run.save_figure(figure, "probe", folder=folder)
    return run, values, folder


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
