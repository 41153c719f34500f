"""Sentences that a model was given or has made -> csv, tsv or txt, or their numbers as npz."""

import pathlib

import numpy as np

from aecli.console.table import show_table
from aecli.datasets.vocabulary import Vocabulary
from aecli.files import write_text
from aecli.io import tables

SUFFIXES = (".csv", ".tsv", ".txt", ".npz")
SHOWN = 10  # of a result, on the terminal


def check(suffix: str, data_shape: tuple[int, int, int], count: int | None = None) -> None:
    """Sentences can be of any number; here as pictures.check is."""


def texts(vocabulary: Vocabulary, rows: dict[str, np.ndarray]) -> dict[str, list[str]]:
    """{name: [N, 1, T, 1] as a model takes or makes them} -> {name: N lines}."""
    return {name: vocabulary.sentences(x) for name, x in rows.items()}


def show(vocabulary: Vocabulary, rows: dict[str, np.ndarray]) -> None:
    """The first of them, as a table on stdout."""
    few = texts(vocabulary, {name: x[:SHOWN] for name, x in rows.items()})
    show_table([*few], [list(row) for row in zip(*few.values(), strict=True)])
    count = len(next(iter(rows.values())))
    if count > SHOWN:
        print(f"... {count - SHOWN:,} more")


def write(
    path: pathlib.Path,
    vocabulary: Vocabulary,
    rows: dict[str, np.ndarray],
    beside: dict[str, np.ndarray],
) -> None:
    """rows: {name: [N, 1, T, 1] as a model takes or makes them}; beside: {name: [N, ...]}.

    csv and tsv have a column for each, but none for what has several numbers a row; txt the last of
    the rows alone, a line each; npz its numbers of tokens, and what is beside them.
    """
    suffix = path.suffix.lower()
    if suffix == ".npz":
        tables.write(path, {"x": [*rows.values()][-1], **beside})
        return
    columns = texts(vocabulary, rows)
    if suffix == ".txt":
        write_text(path, "".join(f"{line}\n" for line in [*columns.values()][-1]))
        return
    flat = {name: array for name, array in beside.items() if array.ndim == 1}
    as_arrays = {name: np.array(column, dtype=object) for name, column in columns.items()}
    if suffix == ".csv":
        tables.write(path, as_arrays | flat)
        return
    heads = [*as_arrays, *flat]
    body = zip(*as_arrays.values(), *flat.values(), strict=True)
    lines = ["\t".join(heads), *("\t".join(map(str, row)) for row in body)]
    write_text(path, "".join(f"{line}\n" for line in lines))
