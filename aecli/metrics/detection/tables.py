"""What aecli detect says: of one run, and of each run of a sweep with their mean."""

import sys
import time

import numpy as np
from omegaconf import DictConfig, OmegaConf

from aecli import runs
from aecli.commands.detect import check, detect
from aecli.console.table import show_table
from aecli.errors import BadRequest
from aecli.files import as_json, unique_folder, write_json
from aecli.io import tables
from aecli.quantity import beside
from aecli.runs import sweeps
from aecli.untrusted.bounded import refuse_links


def show(run: runs.Run, values: dict) -> None:
    """The summary of one run."""
    known = ""
    if "normal" in values:
        normal = ", ".join(str(label) for label in values["normal"])
        known = f": {values['normal_images']:,} normal ({normal}), "
        known += f"{values['anomalous_images']:,} anomalous"
    count = values["images"]
    print(f"{run.title}, {count:,} {'image' if count == 1 else 'images'}{known}")
    print(f"score      {values['unit']}")
    print(
        f"threshold  {values['threshold']:.4g}, the {values['quantile']:g} quantile of "
        f"{values['validation_images']:,} validation images"
    )
    shares = {"of all": "flagged", "of the normal": "false_alarms", "of the anomalous": "detected"}
    parts = [f"{100 * values[key]:.1f} % {of}" for of, key in shares.items() if key in values]
    print(f"above it   {', '.join(parts)}")
    if "auroc" in values:
        print()
        show_table(["", "AUROC", "average precision"], _rows(run, values))
    elif "normal" not in values:
        print("AUROC      needs labels, and normal=[...], those of them that are normal")


def _rows(run: runs.Run, values: dict) -> list[list[str]]:
    rows = {run.status.get("model", "model"): values} | values["baselines"]
    return [
        [name, f"{row['auroc']:.4f}", f"{row['average_precision']:.4f}"]
        for name, row in rows.items()
    ]


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
        values = detect(OmegaConf.merge(cfg, {"run": str(job.folder)})).values
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
