"""What a careful colleague would point at before a training, and the words that help."""

import collections
import contextlib

import numpy as np

from aecli import typed
from aecli.datasets.image_file import size_of
from aecli.datasets.image_folder import ImageFolder, listed
from aecli.datasets.source_file import shown, stated_path
from aecli.datasets.splits import BLOCK, Split
from aecli.dataspec import by
from aecli.inspection.columns import FAR, twins_of
from aecli.inspection.found import Found

FEW = 10  # training examples of a class that is tiny
UNEVEN = 20  # times as many of the largest class as of the smallest
SHORT = 100  # training examples that teach little
NAMED = 5  # in a line
DARK = 32  # of 255: bytes that all are below look black
SIZES = 2000  # image files whose size is looked at

Told = tuple[list[str], list[str]]  # lines, words of a training


def of(found: Found, dataset) -> Told:
    """The lines on what is unusual, and the words that a training of such data should have."""
    told: list[Told] = [_parts(found), _labels(found)]
    if found.columns:
        told.append(_columns(found))
    elif found.spec.kind in ("image", "series"):
        told += [_range(found), _flat(found)]
    if isinstance(dataset, ImageFolder):
        told.append(_sizes(dataset))
    return [line for lines, _ in told for line in lines], [
        word for _, words in told for word in words
    ]


def _parts(found: Found) -> Told:
    lines, nouns = [], found.spec.nouns
    count = len(found.parts["train"])
    if count < SHORT:
        lines.append(f"{found.spec.counted(count)} to train on: too few to learn more than these")
    if found.two_labels:
        lines.append(f"{nouns} that stand there with more than one label: {found.two_labels:,}")
    leaking = [
        f"{shared:,} of the {len(found.parts[later]):,} {nouns} of {later}"
        for (first, later), shared in found.leaks.items()
        if shared and first == "train"
    ]
    if leaking:
        lines.append(
            f"leakage: {' and '.join(leaking)} are in train, too: what is measured on them is too "
            "good"
        )
    return lines, []


def _labels(found: Found) -> Told:
    labels, lines = found.labels, []
    if not labels:
        return [], []
    tiny = [f"{shown(one.name)} ({one.counts['train']:,})" for one in labels
            if one.counts["train"] < FEW]  # fmt: skip
    if tiny:
        lines.append(f"classes with fewer than {FEW} training {found.spec.nouns}: {_some(tiny)}")
    for part in found.parts:
        gone = [shown(one.name) for one in labels if not one.counts[part]]
        if gone and part != "train":
            lines.append(f"no {found.spec.nouns} of {part} have the label {_some(gone)}")
    counts = [one.counts["train"] for one in labels]
    if len(labels) == 1:
        lines.append(f"one label alone: {shown(labels[0].name)}")
    elif min(counts) >= FEW and max(counts) > UNEVEN * min(counts):
        lines.append(f"uneven classes: from {min(counts):,} to {max(counts):,} training examples")
    return lines, []


def _columns(found: Found) -> Told:
    lines, words = [], []
    columns = found.columns
    groups = {
        "without any value": [c for c in columns if not c.values],
        "constant": [c for c in columns if c.is_constant and c.values],
        "missing in more than half of the rows": [
            c for c in columns if c.values and 2 * c.missing > sum(map(len, found.parts.values()))
        ],
    }
    for what, those in groups.items():
        if those:
            lines.append(f"columns {what}: {_some([shown(c.name) for c in those])}")
    if far := [c for c in columns if c.far and not c.counts_rows]:
        told = [
            f"{shown(c.name)} ({c.far:,}: {c.low:.4g} to {c.high:.4g}, median {c.middle:.4g})"
            for c in far
        ]
        lines.append(
            f"values more than {FAR} interquartile ranges from the median: {_some(told)}; "
            "dataset.scale=robust or quantile is not led by them"
        )
    if ids := [column.name for column in columns if column.counts_rows]:
        lines.append(f"columns that count the rows, ids and no features: {_some(map(shown, ids))}")
        words.append(typed.override("dataset.id_column", ids[0]))
    if doubled := twins_of(found.source, found.parts, columns):
        lines.append(
            "columns of the same values: "
            + _some([f"{shown(one)} = {shown(other)}" for one, other in doubled.items()])
        )
    if found.missing and found.source.reader.get("missing") == "mean":
        words.append("dataset.missing=indicator")
    return lines, words


def _range(found: Found) -> Told:
    low, high = found.range
    if found.spec.kind == "series":
        return [], []
    if found.source.unit == "bytes" and high < DARK:
        return [
            f"bytes up to {high:g} alone, taken as x / 255: nearly black; store them as floats in "
            "[0, 1], or stretch them"
        ], ["dataset.scale=minmax", "dataset.scale_per=global"]
    if found.source.unit == "other" and (low < 0 or high > 1):
        return [
            f"values from {low:.4g} to {high:.4g}: loss=binary_crossentropy, the default, needs "
            "[0, 1]"
        ], ["dataset.scale=minmax", "dataset.scale_per=global"]
    return [], []


def _flat(found: Found) -> Told:
    """Examples of one value, channels that never change, and colours that are grey."""
    lines, nouns = [], found.spec.nouns
    flat = {name: _count_flat(part) for name, part in found.parts.items()}
    if any(flat.values()):
        lines.append(
            f"{nouns} of one value throughout: "
            + ", ".join(f"{n:,} of {name}" for name, n in flat.items() if n)
        )
    x = found.parts["train"].x[:BLOCK]
    channels = x.reshape(-1, x.shape[-1])
    low, high = np.nanmin(channels, axis=0), np.nanmax(channels, axis=0)
    constant = np.flatnonzero(low == high).tolist()
    if constant and len(x) > 1:
        where = _some(map(str, constant)) if channels.shape[1] > 1 else "all there is"
        lines.append(f"channels that never change: {where}")
    if found.spec.is_image and channels.shape[1] == 3 and (channels == channels[:, :1]).all():
        lines.append("three channels that are the same: grey images stored as colour")
    return lines, []


def _count_flat(part: Split) -> int:
    count = 0
    for start in range(0, len(part), BLOCK):
        block = part.x[start : start + BLOCK]
        block = block.reshape(len(block), -1)
        count += int((np.nanmin(block, axis=1) == np.nanmax(block, axis=1)).sum())
    return count


def _sizes(dataset: ImageFolder) -> Told:
    """Where the files are of several sizes, which all are brought to one."""
    assert dataset.path is not None  # it was read
    places = listed(stated_path(dataset.path, "dataset.path"))
    files = [file for found in places.values() for file in found]
    counted: collections.Counter = collections.Counter()
    for file in files[:: -(-len(files) // SIZES)]:
        with contextlib.suppress(Exception):  # of a file that is skipped: each format has its own
            counted[size_of(file)] += 1
    if len(counted) < 2:
        return [], []
    (usual, often), *others = counted.most_common()
    rest = _some([f"{by(size)} ({n:,})" for size, n in others])
    return [f"files of {len(counted):,} sizes: {by(usual)} ({often:,}), {rest}; each becomes "
            f"{by(dataset.frame(files).size)} by dataset.fit={dataset.fit}"], []  # fmt: skip


def _some(texts) -> str:
    texts = list(texts)
    more = f" and {len(texts) - NAMED:,} more" if len(texts) > NAMED else ""
    return ", ".join(texts[:NAMED]) + more
