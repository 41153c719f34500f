"""Sentences in a file: a line each, or a cell each of a column of a CSV or TSV; plain or .gz."""

import dataclasses
import difflib
import pathlib
from collections.abc import Iterable, Iterator

import numpy as np

from aecli.datasets.csv_rows import is_label, lines, readable, rows
from aecli.datasets.source_file import shown
from aecli.errors import BadRequest

LONGEST = 2**16  # characters of a sentence
COLUMNS = ("sentence", "sentences", "text")
LABELS = ("label",)
SHOWN = 6  # names of columns


@dataclasses.dataclass(frozen=True)
class Sentences:
    """lines: [N], none of them blank; labels: [N] texts or None. column, label: names or None.

    blank: how many were left out, as there was nothing in them.
    """

    lines: list[str]
    labels: np.ndarray | None
    column: str | None
    label: str | None
    blank: int


def read(
    path: pathlib.Path,
    column: str | None,
    label: str | None,
    usual: tuple[str, ...] = COLUMNS,
    usual_labels: tuple[str, ...] = LABELS,
) -> Sentences:
    """The sentences of a file. Raises BadRequest that names the line.

    column, label: names of columns; None, and "auto" of the label, for the first of the usual ones
    that is there. A file that is no .csv, .tsv or .tab has a sentence a line.
    """
    name = path.name.lower().removesuffix(".gz")
    with readable(path):
        if not name.endswith((".csv", ".tsv", ".tab")):
            if column is not None:
                raise BadRequest(
                    f"dataset.column={column}: {path} is taken for a sentence a line\n"
                    "leave it out, or name the file .csv or .tsv"
                )
            found = enumerate((line for line in lines(path, quotes=False)), 1)
            return _gathered(path, ((n, line, None) for n, line in found), None, None)
        table = rows(path, ",") if name.endswith(".csv") else _tab_rows(path)
        _, header = next(table, (0, []))
        header = [cell.strip() for cell in header]
        at_label = _place(path, header, "label_column", label, usual_labels)
        at = _place(path, header, "column", column, usual)
        others = [i for i in range(len(header)) if i != at_label]
        if at is None and len(others) == 1:
            at = others[0]
        if at is None:
            raise BadRequest(
                f"{path}: which column has the sentences? it has {_some(header)}\n"
                "name it: dataset.column=NAME"
            )
        named = None if at_label is None else header[at_label]
        return _gathered(path, _cells(path, table, at, at_label), header[at], named)


def _tab_rows(path: pathlib.Path) -> Iterator[tuple[int, list[str]]]:
    """As csv_rows.rows, but a quote is a character as any other."""
    below = (line.rstrip("\r\n") for line in lines(path, quotes=False))
    return ((n, line.split("\t")) for n, line in enumerate(below, 1) if line)


def _place(path, header: list[str], key: str, name: str | None, usual: tuple[str, ...]):
    """Where a column is, None for none. Raises BadRequest for one that is not there."""
    if name is None and key == "label_column":
        return None
    if name not in (None, "auto"):
        if name in header:
            return header.index(name)
        near = difflib.get_close_matches(name, header, n=1)
        hint = f"did you mean {shown(near[0])!r}?" if near else f"it has {_some(header)}"
        raise BadRequest(f"dataset.{key}={name}: {path} has no such column; {hint}")
    low = [one.lower() for one in header]
    return next((low.index(one.lower()) for one in usual if one.lower() in low), None)


def _cells(path, table, at: int, at_label: int | None):
    """(line number, sentence, label or None) of each row."""
    last = max(at, -1 if at_label is None else at_label)
    for number, cells in table:
        if len(cells) <= last:
            raise BadRequest(
                f"{path}:{number}: {len(cells)} columns, where {last + 1} are needed; "
                "fill or remove this row"
            )
        yield number, cells[at], None if at_label is None else cells[at_label].strip()


def _gathered(path, found: Iterable, column: str | None, label: str | None) -> Sentences:
    kept, labels, blank = [], [], 0
    for number, sentence, its_label in found:
        sentence = sentence.strip("\r\n")
        if "\0" in sentence:
            raise BadRequest(
                f"{path}:{number}: a character NUL, which no text has; save it as UTF-8"
            )
        if len(sentence) > LONGEST:
            raise BadRequest(
                f"{path}:{number}: {len(sentence):,} characters in one sentence, more than "
                f"{LONGEST:,}; write one sentence a line"
            )
        if not sentence.strip():
            blank += 1
            continue
        if label is not None and not is_label(its_label):
            raise BadRequest(f"{path}:{number}: the label is empty or too long; correct it")
        kept.append(sentence)
        labels.append(its_label)
    if not kept:
        raise BadRequest(f"{path} has no sentences")
    return Sentences(kept, None if label is None else np.array(labels), column, label, blank)


def _some(names: list[str]) -> str:
    return ", ".join(map(shown, names[:SHOWN])) + (", ..." if len(names) > SHOWN else "")
