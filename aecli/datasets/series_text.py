"""The .ts text of sktime and aeon: a series a line, its channels apart by colons."""

import pathlib
from collections.abc import Iterator

import numpy as np

from aecli.datasets.csv_rows import LARGEST, lines, readable
from aecli.datasets.source_file import shown
from aecli.errors import BadRequest

MOST_CHANNELS = 10_000


def read_ts(path: pathlib.Path) -> tuple[list[np.ndarray], np.ndarray | None]:
    """-> series [T, C] of float32 each, and their classes [N] as texts, None without.

    Of a file for regression the last field, a target, is passed over. Raises BadRequest that names
    the line.
    """
    with readable(path):
        below = enumerate(lines(path, quotes=False), 1)
        has_class, has_target = _head(path, below)
        series, classes = [], []
        for number, line in below:
            if not (text := line.strip()):
                continue
            fields = text.split(":")
            if has_class or has_target:
                if len(fields) < 2:
                    raise BadRequest(f"{path}:{number}: the line has no class after its series")
                classes.append(fields.pop().strip())
            series.append(_series(path, number, fields))
            if series[-1].shape[1] != series[0].shape[1]:
                raise BadRequest(
                    f"{path}:{number}: {len(fields)} channels, where the first series has "
                    f"{series[0].shape[1]}"
                )
    if not series:
        raise BadRequest(f"{path} has no series after @data")
    return series, np.array(classes) if has_class else None


def _head(path: pathlib.Path, below: Iterator[tuple[int, str]]) -> tuple[bool, bool]:
    """Up to @data -> whether lines end with a class, whether with a target."""
    has_class = has_target = False
    for number, line in below:
        words = line.strip().lower().split()
        if not words or words[0].startswith(("#", "%")):
            continue
        if words[0] == "@data":
            return has_class, has_target
        if not words[0].startswith("@"):
            break
        is_on = words[1:2] == ["true"]
        if words[0] == "@timestamps" and is_on:
            raise BadRequest(
                f"{path}:{number}: series with time stamps are not read; leave them out"
            )
        has_class = is_on if words[0] == "@classlabel" else has_class
        has_target = is_on if words[0] == "@targetlabel" else has_target
    raise BadRequest(f"{path} is no .ts text: it has no @data line")


def _series(path: pathlib.Path, number: int, fields: list[str]) -> np.ndarray:
    """[T, C]; the channels have one length."""
    if len(fields) > MOST_CHANNELS:
        raise BadRequest(f"{path}:{number}: {len(fields):,} channels, more than {MOST_CHANNELS:,}")
    channels = [_numbers(path, number, field) for field in fields]
    if len({len(channel) for channel in channels}) > 1:
        raise BadRequest(f"{path}:{number}: the channels of a series have unequal lengths")
    return np.stack(channels, axis=1)


def _numbers(path: pathlib.Path, number: int, field: str) -> np.ndarray:
    cells = field.split(",")
    try:
        values = np.array(cells, np.float64)
    except ValueError:
        values = np.array([_number(cell) for cell in cells])
    bad = ~(np.abs(values) <= LARGEST)
    if bad.any():
        cell = cells[int(bad.argmax())]
        raise BadRequest(
            f"{path}:{number}: {shown(cell, 20)!r} is not a finite number; fill what is missing"
        )
    return values.astype(np.float32)


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return np.nan
