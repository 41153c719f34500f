"""Codes in a file -> an array, as aecli encode writes them or as the user has made them."""

import itertools
import pathlib

import numpy as np

from aecli.datasets import labels as label_columns
from aecli.datasets.csv_rows import readable, rows
from aecli.datasets.learnt import Learnt
from aecli.datasets.numpy_file import npz_headers, read_npy, read_npz
from aecli.datasets.parquet_file import read_columns, read_label, read_names
from aecli.datasets.source_file import existing_file
from aecli.errors import BadRequest

NAME, LABEL = "code", "label"
KINDS = "npz (with the array code), npy, csv or parquet (with the columns code_0, code_1 ...)"


def read_codes(path: str) -> np.ndarray:
    """[N, ...] float32; other columns and arrays are passed over. Raises BadRequest."""
    file = existing_file(path, "input")
    suffix = file.suffix.lower()
    if suffix == ".npy":
        codes = read_npy(file)
    elif suffix == ".npz":
        headers = npz_headers(file)
        name = NAME if NAME in headers or len(headers) != 1 else next(iter(headers))
        if name not in headers:
            raise BadRequest(f"{file} has no array {NAME!r}, but {', '.join(headers)}")
        codes = read_npz(file, [name])[name]
    elif suffix in (".csv", ".parquet"):
        codes = _stacked(file, suffix)
    else:
        raise BadRequest(f"input={path}: unknown kind of file; codes are in {KINDS}")
    if codes.dtype.kind not in "buif" or codes.ndim < 2 or codes.size == 0:
        raise BadRequest(f"{file} has {codes.dtype} {codes.shape}; codes are numbers [N, D]")
    codes = codes.astype(np.float32)
    if not np.isfinite(codes).all():
        raise BadRequest(f"{file} has values that are not finite")
    return codes


def read_labels(path: str, learnt: Learnt) -> tuple[np.ndarray | None, tuple[str, ...] | None]:
    """[N] of the training's numbers for the labels beside the codes, and the names of all.

    None where the file has none. Raises BadRequest.
    """
    file = existing_file(path, "input")
    texts = _labels(file, file.suffix.lower())
    if texts is None:
        return None, learnt.label_names
    name = f"{file}: {LABEL}"
    (numbers,), names = label_columns.labels([(name, texts)], [len(texts)])
    known = learnt.label_names, learnt.train_labels
    return label_columns.as_trained(name, numbers, names, *known)


def _labels(file: pathlib.Path, suffix: str) -> np.ndarray | None:
    """As the file has them."""
    if suffix == ".npz":
        return read_npz(file, [LABEL])[LABEL] if LABEL in npz_headers(file) else None
    if suffix == ".parquet" and LABEL in read_names(file):
        texts, positions = read_label(file, LABEL)
        return texts[positions]
    if suffix != ".csv":
        return None
    with readable(file):
        (_, names), *found = rows(file, ",")
    if LABEL not in names:
        return None
    texts = np.array([cells[names.index(LABEL)] for _, cells in found])
    try:
        return texts.astype(np.float64)
    except ValueError:
        return texts


def _stacked(file: pathlib.Path, suffix: str) -> np.ndarray:
    """[N, D] of the columns code_0 .. code_D-1"""
    columns = read_columns(file) if suffix == ".parquet" else _csv_columns(file)
    names = [f"{NAME}_{i}" for i in range(len(columns))]
    found = list(itertools.takewhile(columns.__contains__, names))
    if not found:
        raise BadRequest(f"{file} has no columns {NAME}_0, {NAME}_1 ...")
    return np.stack([columns[name] for name in found], axis=1)


def _csv_columns(file: pathlib.Path) -> dict[str, np.ndarray]:
    with readable(file):
        found = rows(file, ",")
        _, names = next(found, (0, []))
        codes = [i for i, name in enumerate(names) if name.startswith(f"{NAME}_")]
        values = [_numbers(file, line, cells, codes, len(names)) for line, cells in found]
    if not values:
        raise BadRequest(f"{file} has no rows of data")
    return dict(zip([names[i] for i in codes], np.array(values).T, strict=True))


def _numbers(file, line: int, cells: list[str], wanted: list[int], width: int) -> list[float]:
    try:
        if len(cells) == width:
            return [float(cells[i]) for i in wanted]
    except ValueError:
        pass
    raise BadRequest(f"{file}:{line}: a row of {width} cells is expected, its codes numbers")
