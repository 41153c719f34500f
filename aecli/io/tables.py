"""Arrays with one row an image -> npz, csv or parquet."""

import csv
import importlib.util
import pathlib
import zipfile
from typing import Any

import numpy as np

from aecli.datasets.csv_rows import is_float
from aecli.errors import BadRequest
from aecli.files import replacing

FORMULAS = ("=", "+", "-", "@", "\t", "\r")  # how they begin
SUFFIXES = (".npz", ".csv", ".parquet")


def check(suffix: str) -> None:
    """Raises BadRequest where a package is missing, before any work."""
    if suffix == ".parquet" and importlib.util.find_spec("pyarrow") is None:
        raise BadRequest("Parquet needs: pip install 'aecli[parquet]'\nor take .npz or .csv")


def write(path: pathlib.Path, arrays: dict[str, np.ndarray]) -> None:
    """arrays: {name: [N, ...] of numbers or texts}, by the suffix of path.

    npz keeps the shapes. In csv and parquet an array [N, D...] becomes the columns name_0,
    name_1 ..., row-major; float32 is written so that it reads back the same.
    """
    with replacing(path) as temporary:
        if path.suffix.lower() == ".npz":
            write_npz(temporary, arrays)
        elif path.suffix.lower() == ".csv":
            _write_csv(temporary, columns(arrays))
        else:
            import pyarrow
            from pyarrow import parquet

            parquet.write_table(pyarrow.table(columns(arrays)), temporary)


def write_npz(path: pathlib.Path, arrays: dict[str, np.ndarray], compress: bool = True) -> None:
    """As numpy.savez_compressed, whatever the names: its own parameters are names, too."""
    how = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)


def columns(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """{name: [N]}"""
    flat = {}
    for name, array in arrays.items():
        if array.ndim == 1:
            flat[name] = array
        else:
            rows = array.reshape(len(array), -1)
            flat |= {f"{name}_{i}": rows[:, i] for i in range(rows.shape[1])}
    return flat


def cell(value: Any) -> str:
    """As a CSV has it: a text that a spreadsheet would take for a formula gets an apostrophe."""
    text = str(value)
    if text[:1] not in FORMULAS or len(text) < 2 or is_float(text):
        return text
    return f"'{text}"


def _write_csv(path: pathlib.Path, flat: dict[str, np.ndarray]) -> None:
    texts = [[cell(value) for value in column] for column in flat.values()]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(map(cell, flat))
        writer.writerows(zip(*texts, strict=True))
