"""Whether two run folders hold the same training, bit for bit."""

import csv
import json
import pathlib
import zipfile

import h5py
import numpy as np

from aecli.training import state as states


def differing(first: pathlib.Path, second: pathlib.Path) -> list[str]:
    """What differs: weights, slots, callbacks, history.csv (but for its seconds), best, metrics."""
    one, other = (states.read_file(f / "checkpoints" / states.LAST) for f in (first, second))
    found = [
        name for name in ("epoch", "step", "stopped") if getattr(one, name) != getattr(other, name)
    ]
    for kind in one.tensors:
        found += _arrays(kind, one.tensors[kind], other.tensors[kind])
    for name in one.callbacks.keys() | other.callbacks.keys():
        if _timeless(one.callbacks.get(name)) != _timeless(other.callbacks.get(name)):
            found.append(f"callback {name}")
    if _history(first) != _history(second):
        found.append("history.csv")
    found += _arrays("best.keras", _weights(first), _weights(second))
    if (ours := _metrics(first)) != (theirs := _metrics(second)):
        found.append(f"metrics.json: {ours} and {theirs}; warnings: {_warnings(second)}")
    return found


def _arrays(kind: str, one: dict, other: dict) -> list[str]:
    if one.keys() != other.keys():
        return [f"{kind}: names"]
    return [
        f"{kind}/{name}"
        for name in one
        if one[name].dtype != other[name].dtype
        or np.asarray(one[name]).tobytes() != np.asarray(other[name]).tobytes()
    ]


def _timeless(callback: dict | None) -> dict:
    callback = {k: v for k, v in (callback or {}).items() if k != "seconds"}
    if "rows" in callback:
        callback["rows"] = [
            {k: v for k, v in r.items() if k != "seconds"} for r in callback["rows"]
        ]
    return callback


def _history(folder: pathlib.Path) -> list[dict]:
    with open(folder / "history.csv", newline="") as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def _weights(folder: pathlib.Path) -> dict[str, np.ndarray]:
    found = {}
    with (
        zipfile.ZipFile(folder / "checkpoints" / "best.keras") as archive,
        archive.open("model.weights.h5") as member,
        h5py.File(member) as file,
    ):
        file.visititems(
            lambda name, item: found.update(
                {name: item[()]} if isinstance(item, h5py.Dataset) else {}
            )
        )
    return found


def _warnings(folder: pathlib.Path) -> list[str]:
    return json.loads((folder / "status.json").read_text()).get("warnings", [])


def _metrics(folder: pathlib.Path) -> dict:
    return json.loads((folder / "metrics.json").read_text())
