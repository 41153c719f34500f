"""What was found of data, in lines and tables."""

import pathlib

import numpy as np

from aecli.datasets.source_file import shown
from aecli.datasets.splits import PARTS, Split
from aecli.inspection.found import Found

MOST = 40  # rows of a table
WIDE = 9  # characters of the word at the start of a line
LETTERS = 100  # of a sentence
Table = tuple[list[str], list[list[str]]]


def head(name: str, found: Found) -> str:
    """Name and parts, where from, range, gaps, copies: a line each."""
    counts = " / ".join(f"{len(found.parts[p]):,} {p}" for p in PARTS if p in found.parts)
    same = "".join(f"   {one} is {other}" for one, other in found.same.items())
    rows = {"data": f"{name}   {counts}{same}   {_what(found)}", "from": found.source.origin}
    if found.spec.kind != "text" and not found.columns:
        low, high = found.range
        rows["range"] = f"{low:.6g} to {high:.6g}{_unit(found)}"
    if found.columns:
        gaps = [column for column in found.columns if column.missing]
        rows["missing"] = (
            f"{found.missing:,} values, in {len(gaps):,} of {len(found.columns):,} columns"
            if gaps
            else "none"
        )
    rows["copies"] = ", ".join(f"{n:,} in {part}" for part, n in found.copies.items())
    if found.leaks:
        rows["leaks"] = ", ".join(
            f"{n:,} of {later} in {first}" for (first, later), n in found.leaks.items()
        )
    rows["labels"] = _labels(found)
    return _lines(rows)


def tables(found: Found) -> list[Table]:
    """Of the labels, and of the columns of a table; at most MOST rows each."""
    made: list[Table] = []
    if len(found.labels) > 1:
        parts = [*found.parts]
        rows = [[one.name, *(f"{one.counts[p]:,}" for p in parts)] for one in found.labels]
        made.append((["label", *parts], _cut(rows)))
    if found.columns:
        headers = ["column", "type", "lowest", "median", "highest", "different", "missing"]
        rows = [
            [
                shown(one.name),
                one.type,
                *("" if v is None else f"{v:.6g}" for v in (one.low, one.middle, one.high)),
                f"{one.values:,}",
                f"{one.missing:,}" if one.missing else "",
            ]
            for one in found.columns
        ]
        made.append((headers, _cut(rows)))
    return made


def end(found: Found, figure: pathlib.Path | None, command: str) -> str:
    """What is unusual, the figure, the line to type next."""
    lines = [f"{'unusual' if i == 0 else '':{WIDE}}{line}" for i, line in enumerate(found.unusual)]
    lines = lines or [f"{'unusual':{WIDE}}nothing"]
    lines += [f"{'note':{WIDE}}{note}" for note in found.notes]
    if figure is not None:
        lines.append(f"{'examples':{WIDE}}{figure}")
    return "\n".join([*lines, f"{'next':{WIDE}}{command}"])


def labels_of(found: Found, part: Split) -> list[str] | None:
    """The name of each example's label, None without labels."""
    if part.labels is None:
        return None
    names = [*(found.source.label_names or ())]
    return [names[n] if 0 <= n < len(names) else str(n) for n in part.labels.tolist()]


def sentences(found: Found, n: int) -> list[str]:
    """The first n of a text, as its tokens have them."""
    part = found.examples(n)
    assert found.source.vocabulary is not None  # it is text
    return [shown(text, LETTERS) for text in found.source.vocabulary.sentences(part.x[:])]


def _what(found: Found) -> str:
    """28x28x1 images; series of 7 to 29 points, 12 channels; rows of 30 columns."""
    height, width, channels = found.spec.shape
    kind = found.spec.kind
    if kind == "image":
        colour = {1: "grey", 3: "in colour"}.get(channels, f"of {channels} channels")
        return f"images of {height}x{width}, {colour}"
    if kind == "table":
        return f"rows of {width:,} column{'' if width == 1 else 's'}"
    assert found.lengths is not None  # it is no image and no table
    low, high = found.lengths
    span = f"{high:,}" if low == high else f"{low:,} to {high:,}"
    if kind == "text":
        vocabulary = found.source.vocabulary
        known = 0 if vocabulary is None else len(vocabulary.tokens)
        return f"sentences of {span} tokens with their end, {known:,} different ones"
    return f"series of {span} points, {channels} channel{'' if channels == 1 else 's'}"


def _unit(found: Found) -> str:
    """What a training takes the values for."""
    unit, dtype = found.source.unit, found.parts["train"].x.dtype
    if unit == "bytes":
        return ": bytes, taken as x / 255"
    if unit == "binary":
        return ": 0 and 1"
    return "" if unit == "other" or dtype == np.uint8 else ", brought to [0, 1]"


def _labels(found: Found) -> str:
    if not found.labels:
        return "none"
    counts = sorted((one.counts["train"], one.name) for one in found.labels)
    (least, rare), (most, often) = counts[0], counts[-1]
    if len(counts) == 1:
        return f"1: {shown(rare)}"
    return (
        f"{len(counts):,}: from {least:,} ({shown(rare)}) to {most:,} ({shown(often)}) "
        "training examples"
    )


def _cut(rows: list[list[str]]) -> list[list[str]]:
    if len(rows) <= MOST:
        return rows
    rest = [f"... and {len(rows) - MOST:,} more", *[""] * (len(rows[0]) - 1)]
    return [*rows[:MOST], rest]


def _lines(rows: dict[str, str]) -> str:
    return "\n".join(f"{key:{WIDE}}{text}" for key, text in rows.items())
