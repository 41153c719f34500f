"""Images or tables of your own in CSV, MNIST's layout (header row, label,pixel,...) among them."""

import dataclasses
import math
import pathlib
from typing import Annotated

import numpy as np
from pydantic import Field

from aecli.datasets.arrays import images, shaped
from aecli.datasets.base import Dataset, Scale, Source, Split, TestSize
from aecli.datasets.columns import column_types
from aecli.datasets.csv_table import Table, label_as_trained, read_table, separates
from aecli.datasets.labels import labels
from aecli.datasets.learnt import Learnt
from aecli.datasets.pixel_names import are_pixels
from aecli.datasets.rows import Rows
from aecli.datasets.source_file import needed_file
from aecli.errors import BadRequest

OPTION = "csv"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Csv(Dataset):
    """One image a row, one pixel a column, plain or .gz; a row has at most one label.

    Rows are images where shape or a header of pixels says so, else [1, D].
    Whole numbers in 0..255 are taken as x/255, those in 0..1 as 0 and 1, others by `scale`.
    test_size applies where no test_path is given.
    """

    path: Annotated[str | None, Field(description="a CSV file, plain or .gz")] = None
    test_path: Annotated[str | None, Field(description="a CSV file, plain or .gz")] = None
    label: Annotated[
        str | int | None,
        Field(description="a column's name or position, 'auto': the one called label, or null"),
    ] = "auto"
    delimiter: Annotated[
        str, Field(pattern=r'^[^"\r\n\x00]$', description="one character, no quote or line break")
    ] = ","
    shape: Annotated[
        list[Annotated[int, Field(ge=1)]] | None,
        Field(min_length=2, max_length=3, description="[H, W] or [H, W, C] of an image"),
    ] = None
    test_size: TestSize = 0.2
    scale: Scale = "auto"

    def read(self) -> Source:
        file = needed_file(self.path, "path", "csv")
        in_part = self.limit is not None
        tables = [(str(file), read_table(file, self.label, self.delimiter, in_part))]
        if self.test_path is not None:
            test_file = needed_file(self.test_path, "test_path", "csv")
            table = read_table(test_file, self.label, self.delimiter, in_part)
            tables.append((str(test_file), table))
            _check_columns(*tables)
        arrays = [(name, table.pixels) for name, table in tables]
        width, shape, notes = tables[0][1].pixels.shape[1], self.shape, ()
        if shape is None and not are_pixels(tables[0][1].columns):
            shape, notes = [1, width], (_as_rows(file, width),)
        found = (shaped if in_part else images)(arrays, shape)
        labelled = [(f"{n}: label", _numbers(t.texts)) for n, t in tables if t.texts is not None]
        numbered, names = labels(labelled, [len(texts) for _, texts in labelled])
        parts = [
            Split(x, numbered.pop(0)[table.labels] if table.label else None)
            for x, (_, table) in zip(found, tables, strict=True)
        ]
        table = tables[0][1]
        return Source(
            parts[0],
            parts[1] if len(parts) > 1 else None,
            str(file),
            names,
            _columns(table),
            {
                "option": OPTION,
                "label": None if table.label is None else list(table.label),
                "delimiter": self.delimiter,
                "shape": list(found[0].shape[1:]),
            },
            notes=notes,
        )

    def like(self, learnt: Learnt) -> "Csv":
        file = needed_file(self.path, "path", OPTION)
        reader = learnt.reader if learnt.reader.get("option") == OPTION else {}
        label, delimiter = self.label, self.delimiter
        if delimiter == "," and separates(file, reader.get("delimiter", delimiter)):
            delimiter = reader.get("delimiter", delimiter)
        if label == "auto" and reader.get("label") is not None:
            width = math.prod(learnt.shape)
            label = label_as_trained(file, reader["label"], delimiter, width)
        shape = self.shape or list(learnt.shape)
        return dataclasses.replace(self, label=label, delimiter=delimiter, shape=shape)


def _columns(table: Table) -> dict[str, str] | None:
    """As column_types; of values that are still to be read, names alone."""
    if isinstance(table.pixels, Rows):
        return column_types(table.columns, np.zeros((1, table.pixels.shape[1]), np.uint8))
    return column_types(table.columns, table.pixels)


def _as_rows(file: pathlib.Path, width: int) -> str:
    """What is said of a file whose header names no pixels."""
    side = math.isqrt(width)
    square = f"; as images: dataset.shape=[{side},{side}]" if side > 1 and side**2 == width else ""
    return (
        f"{file} names no pixels: rows of {width} numbers{square}; dataset=table knows them by "
        "column, each with its own scale"
    )


def _numbers(texts: np.ndarray) -> np.ndarray:
    """Labels that all are numbers become numbers."""
    try:
        return texts.astype(np.float64)
    except ValueError:
        return texts


def _check_columns(train: tuple[str, Table], test: tuple[str, Table]) -> None:
    (first, table), (last, test_table) = train, test
    if table.columns and test_table.columns and table.columns != test_table.columns:
        raise BadRequest(
            f"{last} and {first} have other columns or another order; give both the same header"
        )
