"""aecli detect: a score and a verdict an image, and how well they tell anomalies."""

import dataclasses
import pathlib
import sys
import time
from typing import Annotated, Any, Literal

import numpy as np
from omegaconf import DictConfig, OmegaConf
from pydantic import Field

from aecli import runs
from aecli.console.table import show_table
from aecli.errors import BadRequest
from aecli.files import as_json, unique_folder, write_json
from aecli.io import conditions, every_class, request, tables
from aecli.io.destination import Destination
from aecli.io.given import Images
from aecli.metrics.detection import labels
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

    if cfg.run is not None and pathlib.Path(str(cfg.run), sweeps.FILE).is_file():
        sweep(cfg)
        return
    done = detect(cfg)
    if cfg.json:
        print(as_json(done.values))
    else:
        show(done.run, done.values)
    print(f"written to {done.table} and {done.folder}/", file=sys.stderr)


def detect(cfg: DictConfig) -> Detected:
    """Write the scores, metrics.json and the figure. Raises BadRequest, NotApplicable."""
    check(cfg)
    run = request.opened(cfg, beyond=True)
    # the threshold is the run's own, whatever data it is asked about
    own = run if cfg.get("dataset") is None else runs.Run(run.folder)
    to = Destination(run, cfg.output, "scores.csv", tables.SUFFIXES)
    tables.check(to.suffix)
    asked = every_class.read(run, cfg.input, cfg.split, beyond=True)
    normal = labels.normal(cfg, own)
    is_normal = labels.known(cfg, run, asked, normal)
    request.wake(run)
    from aecli.metrics.detection import scores as anomaly
    from aecli.metrics.detection import threshold

    if cfg.score == "elbo":
        anomaly.check_has_elbo(own.model)
    images = conditions.of_images(own, every_class.images(run, asked), cfg.label)
    print(f"input  {own.spec.counted(len(images))}   {images.origin}", file=sys.stderr)
    scores = anomaly.scored(own.model, images.x, cfg.score, images.excess, images.labels)
    values = _values(cfg, own, images, scores, normal, is_normal)
    told = threshold.about(values["unit"], values)
    values |= beside({name: quantity.of(own.spec) for name, quantity in told.items()})
    if images.windows is not None:
        values["points"] = _of_points(cfg, own, images, scores, values, normal)
    return _written(cfg, to, own, images, scores, values, normal, is_normal)


def check(cfg: DictConfig) -> None:
    """Raises BadRequest for what no run could make right."""
    request.check(cfg, _keys)


def _keys(
    score: Literal["reconstruction", "elbo"],
    quantile: Annotated[float, Field(ge=0, le=1)],
    normal: Annotated[
        Annotated[list[int | str], Field(min_length=1)] | None,
        Field(description="labels, as in normal=[0]"),
    ],
    seed: Annotated[int, Field(ge=0, lt=2**32)],
): ...


def _values(cfg, own, images: Images, scores, normal, is_normal) -> dict:
    from aecli.metrics.detection import threshold
    from aecli.metrics.detection.scores import unit_of

    found = threshold.threshold(own, cfg.score, cfg.quantile, normal)
    unit = unit_of(cfg.score, own.spec)
    values = {"score": cfg.score, "unit": unit, "images": len(images)}
    values |= {"origin": images.origin, "quantile": float(cfg.quantile), **found}
    values["flagged"] = float((scores > found["threshold"]).mean())
    if is_normal is None:
        return values
    values["normal"] = np.unique(request.named_labels(images)[is_normal]).tolist()
    values |= threshold.judged(scores, found["threshold"], ~is_normal)
    if "auroc" in values:
        values["baselines"] = _baselines(cfg, own, images, normal, ~is_normal)
    return values


def _of_points(cfg, own, images: Images, scores, values, normal) -> dict:
    """What is said of the points of the recording that the windows were cut from."""
    from aecli.metrics.detection import points

    assert images.windows is not None
    found = points.table(images.windows, scores, values["threshold"])
    told: dict[str, Any] = {"points": len(found["point"])}
    told["flagged"] = float((found["verdict"] == "anomalous").mean())
    known = points.anomalous(found, normal)
    if known is None or not known.any() or known.all():
        return told
    told |= {"anomalous_points": int(known.sum())} | points.judged(found["score"], known)
    told["baselines"] = {}
    if values.get("baselines"):
        told["baselines"] = points.baselines(
            own, images.whole, images.windows, known, normal, cfg.seed
        )
    return told | beside(points.ABOUT)


def _write_points(own, images: Images, scores, values, normal, folder: pathlib.Path) -> None:
    """points.csv, and the figure over the time axis."""
    from aecli.figures.anomalous_points import along_time
    from aecli.metrics.detection import points

    assert images.windows is not None
    found = points.table(images.windows, scores, values["threshold"])
    known = points.anomalous(found, normal)
    tables.write(folder / "points.csv", found)
    x = images.whole
    own.save_figure(
        along_time(own, x, images.windows, found, values, known), "points", folder=folder
    )


def _baselines(cfg, own, images: Images, normal, anomalous) -> dict:
    """{} where the training data are not at hand: nothing can be fitted to them."""
    from aecli.metrics.detection import threshold

    try:
        return threshold.baselines(own, images.whole, anomalous, normal, cfg.seed)
    except BadRequest as reason:
        print(f"no baselines: {str(reason).splitlines()[0]}", file=sys.stderr)
        return {}


def _written(
    cfg, to: Destination, own, images: Images, scores, values, normal, is_normal
) -> Detected:
    from aecli.figures import style
    from aecli.figures.anomalies import anomalies
    from aecli.metrics.detection.threshold import verdicts

    anomalous = None if is_normal is None else ~is_normal
    figure = anomalies(own, images.x, scores, values, anomalous)
    style.name_shown(figure, request.shown(cfg))
    table = to.path()
    folder = table.parent if cfg.output is None else own.new_eval_folder()
    verdict = verdicts(scores, values["threshold"])
    found = {"score": scores, "verdict": verdict} | _features(cfg, own, images)
    tables.write(table, request.beside(images) | found)
    write_json(folder / "metrics.json", values)
    own.save_figure(figure, "scores", folder=folder)
    if images.windows is not None:
        _write_points(own, images, scores, values, normal, folder)
    return Detected(own, values, table, folder)


def _features(cfg, own, images: Images) -> dict[str, np.ndarray]:
    """{"features": [N]} of a table's rows: where their error comes from, in order."""
    if own.learnt.kind != "table" or not own.learnt.columns or cfg.score != "reconstruction":
        return {}
    from aecli.metrics.detection import features

    made = own.model.reconstruct(images.x, label=images.labels)
    return {"features": features.named(features.shares(images.whole, made), [*own.learnt.columns])}


def sweep(cfg: DictConfig) -> None:
    """Each finished run of a sweep for itself; the table of their AUROC and its mean.

    Raises BadRequest where one cannot be judged, or has no labels that say what is normal.
    """
    check(cfg)
    if cfg.output is not None:
        raise BadRequest("output names one file, and run= is a sweep\nleave output out")
    found = sweeps.find(str(cfg.run))
    refuse_links(found.folder)
    done = [job for job in found.jobs if job.state == "done"]
    if not done:
        raise BadRequest(f"run={cfg.run}: no run of this sweep is done")
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
