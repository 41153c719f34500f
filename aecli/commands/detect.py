"""aecli detect: a score and a verdict an image, and how well they tell anomalies."""

import dataclasses
import pathlib
import sys
import time
from typing import Any

import numpy as np
from omegaconf import DictConfig, OmegaConf

from aecli import build, look, runs
from aecli.console.table import show_table
from aecli.errors import BadRequest
from aecli.files import as_json, unique_folder, write_json
from aecli.io import conditions, every_class, request, tables
from aecli.io.destination import Destination
from aecli.io.given import Images
from aecli.metrics.detection import keys, labels
from aecli.quantity import beside
from aecli.runs import sweeps
from aecli.untrusted.bounded import refuse_links


@dataclasses.dataclass(frozen=True)
class Detected:
    """table: the file of scores; folder: where metrics.json and scores.png are."""

    run: runs.Run
    values: dict
    table: pathlib.Path
    folder: pathlib.Path


def main(cfg: DictConfig) -> None:
    """The command: a summary (or JSON) on stdout, files in the run's eval/<time>/."""
    from aecli.metrics.detection.tables import show

    if (place := _sweep_asked(cfg)) is not None:
        sweep(cfg, place)
        return
    done = detect(cfg)
    if cfg.json:
        print(as_json(done.values))
    else:
        show(done.run, done.values)
    print(f"written to {done.table} and {done.folder}/", file=sys.stderr)


@look.drawing
def detect(cfg: DictConfig) -> Detected:
    """Write the scores, metrics.json and the figure. Raises BadRequest, NotApplicable."""
    keys.check(build.plain(cfg))
    run = request.opened(cfg, beyond=True)
    # the threshold is the run's own, whatever data it is asked about
    own = run if cfg.get("dataset") is None else runs.Run(run.folder)
    to = Destination(run, cfg.output, "scores.csv", tables.SUFFIXES)
    tables.check(to.suffix)
    asked = every_class.read(run, cfg.input, cfg.split, beyond=True)
    normal = labels.normal(cfg.normal, own)
    is_normal = labels.known(run, *labels.of_read(run, asked), normal, cfg.normal is not None)
    request.wake(run)
    from aecli.metrics.detection import threshold
    from aecli.metrics.detection.values import asked_of, values

    question = asked_of(own, cfg.score, normal, cfg.quantile, cfg.contamination, cfg.seed)
    images = conditions.of_images(own, every_class.images(run, asked), cfg.label)
    print(f"input  {own.spec.counted(len(images))}   {images.origin}", file=sys.stderr)
    scores = question.scores(own, images)
    told = values(question, own, images, scores, is_normal)
    if cfg.keep:
        threshold.keep(own, question.score, told)
        told["kept"] = True
    return _written(cfg, to, own, images, scores, told, normal, is_normal)


def _written(cfg, to: Destination, own, images: Images, scores, told, normal, is_normal):
    from aecli.figures import style
    from aecli.figures.anomalies import anomalies
    from aecli.metrics.detection import features
    from aecli.metrics.detection.threshold import verdicts

    anomalous = None if is_normal is None else ~is_normal
    drawn = {"scores": anomalies(own, images.x, scores, told, anomalous)}
    found = {"score": scores, "verdict": verdicts(scores, told["threshold"])}
    if told["score"] == "reconstruction" and own.learnt.kind == "table" and own.learnt.columns:
        columns = [*own.learnt.columns]
        made = own.model.reconstruct(images.x, images.labels)
        shares = own.learnt.by_column(features.shares(images.whole, made))
        found |= features.named(shares, columns, cfg.features)
        drawn["features"] = _of_features(own, shares, columns, found["verdict"], anomalous)
    table = to.path()
    folder = table.parent if cfg.output is None else own.new_eval_folder()
    tables.write(table, _known(own, images) | found)
    write_json(folder / "metrics.json", told)
    for name, figure in drawn.items():
        style.name_shown(figure, request.shown(cfg))
        own.save_figure(figure, name, folder=folder)
    if images.windows is not None:
        _write_points(own, images, scores, told, normal, folder)
    return Detected(own, told, table, folder)


def _of_features(own, shares, columns: list[str], verdict, anomalous):
    """By what is known of the rows, else by the verdicts."""
    from aecli.figures.anomalous_features import by_feature

    if anomalous is not None:
        return by_feature(own, shares, columns, {"normal": ~anomalous, "anomalous": anomalous})
    flagged = verdict == "anomalous"
    kinds = {"normal by verdict": ~flagged, "anomalous by verdict": flagged}
    return by_feature(own, shares, columns, kinds)


def _known(own, images: Images) -> dict[str, np.ndarray]:
    """What is known of each example beside its score; of a table's rows at least their number."""
    known = request.beside(images)
    if own.spec.kind != "table" or {"id", "row", "file"} & known.keys():
        return known
    return {"row": np.arange(1, len(images) + 1)} | known


def _write_points(own, images: Images, scores, told, normal, folder: pathlib.Path) -> None:
    """points.csv, and the figure over the time axis."""
    from aecli.figures.anomalous_points import along_time
    from aecli.metrics.detection import points

    assert images.windows is not None
    found = points.table(images.windows, scores, told["threshold"])
    known = points.anomalous(found, normal)
    tables.write(folder / "points.csv", found)
    x = images.whole
    own.save_figure(along_time(own, x, images.windows, found, told, known), "points", folder=folder)


def _sweep_asked(cfg: DictConfig) -> pathlib.Path | None:
    """The sweep that run= names, or the latest where it can be judged: it says what is normal."""
    if not runs.is_latest(cfg.run):
        place = pathlib.Path(str(cfg.run))
        return place if (place / sweeps.FILE).is_file() else None
    latest = runs.latest(str(cfg.outputs))
    knows = cfg.normal is not None or latest.run.config.dataset.get("classes")
    if latest.sweep is None or cfg.output is not None or not knows:
        return None
    print(latest.told(of_sweep=True), file=sys.stderr)
    return latest.sweep


def sweep(cfg: DictConfig, place: pathlib.Path) -> None:
    """Each finished run of a sweep for itself; the table of their AUROC and its mean.

    Raises BadRequest where one cannot be judged, or has no labels that say what is normal.
    """
    keys.check(build.plain(cfg))
    if cfg.output is not None:
        raise BadRequest("output names one file, and run= is a sweep\nleave output out")
    found = sweeps.find(str(place))
    refuse_links(found.folder)
    done = [job for job in found.jobs if job.state == "done"]
    if not done:
        raise BadRequest(f"run={place}: no run of this sweep is done")
    records = []
    for job in done:
        print(f"run    {job.folder}   {job.line}", file=sys.stderr)
        one: Any = OmegaConf.merge(cfg, {"run": str(job.folder)})
        values = detect(one).values
        if "auroc" not in values:
            raise BadRequest(f"{job.folder} has no AUROC: state normal=[...]")
        records.append({"run": job.line, **_aurocs(values)})
    columns = {key: [record.get(key) for record in records] for key in records[0]}
    means = {key: float(np.mean(columns[key])) for key in list(columns)[1:]}
    folder = unique_folder(found.folder / "detect" / time.strftime("%Y-%m-%d_%H-%M-%S"))
    tables.write(folder / "auroc.csv", {k: np.array(column) for k, column in columns.items()})
    from aecli.metrics.detection.scores import SEPARATION

    values = {"runs": records, "mean": means}
    values |= beside(dict.fromkeys(means, SEPARATION["auroc"]))
    write_json(folder / "metrics.json", values)
    if cfg.json:
        print(as_json(values))
    else:
        rows = [[r["run"], *(f"{r[key]:.4f}" for key in means)] for r in records]
        rows.append([f"mean of {len(records)}", *(f"{mean:.4f}" for mean in means.values())])
        show_table(["AUROC", *means], rows)
        if len(done) < len(found.jobs):
            print(f"{len(found.jobs) - len(done)} of {len(found.jobs)} runs are not done")
    print(f"written to {folder}/", file=sys.stderr)


def _aurocs(values: dict) -> dict[str, float]:
    """Of the model and of the baselines, PCA's under one name whatever its size."""
    rows = {name.partition(",")[0]: row["auroc"] for name, row in values["baselines"].items()}
    return {"model": values["auroc"], **rows}
