"""What is found of data before a training, as its training would read them."""

import dataclasses

import numpy as np

from aecli.datasets import ranges
from aecli.datasets.base import Dataset
from aecli.datasets.rows import Rows
from aecli.datasets.source import Source
from aecli.datasets.splits import PARTS, Split, value_range
from aecli.inspection import twins, unusual
from aecli.inspection.columns import columns_of
from aecli.inspection.found import Found, Label

LEFT_OPEN = {"missing": ("error", "mean")}  # what would refuse gaps, and what keeps them in sight


def look(dataset: Dataset) -> Found:
    """What a data set has. Raises BadRequest where a training could not read it either.

    But for values that are missing in a table, which are counted.
    """
    changed = {
        key: instead
        for key, (refusing, instead) in LEFT_OPEN.items()
        if getattr(dataset, key, None) == refusing
    }
    source, read, notes = dataclasses.replace(dataset, **changed).parts()
    parts = {name: part for name, part in zip(PARTS, read, strict=True) if part is not None}
    same = {"val": "test"} if "val" not in parts else {}
    same |= {"test": "train"} if "test" not in parts else {}
    columns = columns_of(source, parts)
    ids = [place for place, column in enumerate(columns) if column.counts_rows]
    known = {name: twins.digests(part, ids) for name, part in parts.items()}
    found = Found(
        source=source,
        parts=parts,
        same=same,
        notes=notes,
        range=_range(source, parts),
        labels=_labels(source, parts),
        columns=columns,
        lengths=_lengths(source, parts),
        missing=sum(column.missing for column in columns),
        copies=twins.within(known),
        leaks=twins.between(known),
        two_labels=twins.of_two_labels(parts, known),
    )
    lines, words = unusual.of(found, dataset)
    return dataclasses.replace(found, unusual=lines, changes=words)


def spread(found: Found) -> tuple[np.ndarray, np.ndarray] | None:
    """(mean, standard deviation) [D] of each column of the training part; None of no table."""
    if found.spec.kind != "table":
        return None
    x = found.parts["train"].pixels().reshape(len(found.parts["train"]), -1)
    there = ~np.isnan(x)
    count = np.maximum(there.sum(axis=0), 1)
    mean = np.where(there, x, 0).sum(axis=0) / count
    return mean, np.sqrt((np.where(there, x - mean, 0) ** 2).sum(axis=0) / count)


def _range(source: Source, parts: dict[str, Split]) -> tuple[float, float]:
    lows, highs = zip(*map(value_range, parts.values()), strict=True)
    low, high = ranges.undone_range((min(lows), max(highs)), source.unit)
    return (low * 255, high * 255) if source.unit == "bytes" else (low, high)


def _labels(source: Source, parts: dict[str, Split]) -> list[Label]:
    """By their numbers."""
    counted: dict[int, dict[str, int]] = {}
    for name, part in parts.items():
        values, counts = np.unique(() if part.labels is None else part.labels, return_counts=True)
        for value, count in zip(values.tolist(), counts.tolist(), strict=True):
            counted.setdefault(int(value), dict.fromkeys(parts, 0))[name] = count
    names = source.label_names or ()
    return [
        Label(names[label] if 0 <= label < len(names) else str(label), counted[label])
        for label in sorted(counted)
    ]


def _lengths(source: Source, parts: dict[str, Split]) -> tuple[int, int] | None:
    """Of sentences and of series, whose end is filled up with NaN."""
    if source.kind not in ("series", "text"):
        return None
    lengths = np.concatenate([lengths_of(part) for part in parts.values()])
    return int(lengths.min()), int(lengths.max())


def lengths_of(part: Split) -> np.ndarray:
    """Points or tokens of each example [N] that are not filled up; a sentence's end is none."""
    x = part.x[:] if isinstance(part.x, Rows) else part.x
    return np.isfinite(x[:, 0].astype(np.float32)).any(axis=-1).sum(axis=1)
