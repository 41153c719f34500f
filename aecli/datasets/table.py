"""Tables of your own in CSV or TSV: columns of numbers, by name, scaled column by column."""

import dataclasses
import difflib
import pathlib
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from aecli.datasets import table_csv
from aecli.datasets.base import Dataset, Source, Split, TestSize
from aecli.datasets.columns import column_types
from aecli.datasets.labels import labels
from aecli.datasets.learnt import Learnt
from aecli.datasets.source_file import needed_file, shown
from aecli.errors import BadRequest

OPTION = "table"
ID, ROW = "id", "row"  # how outputs name what a row is known by: a text, or its number from 1
SHOWN = 6  # names of columns
Mark = Annotated[str, Field(pattern=r'^[^"\r\n\x00]$', description="one character")]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Table(Dataset):
    """One example a row, one number a column, plain or .gz; numbers are taken as they are.

    Examples have the shape [1, D, 1]. test_size applies where no test_path is given.
    """

    path: Annotated[str | None, Field(description="a CSV or TSV file, plain or .gz")] = None
    test_path: Annotated[str | None, Field(description="a second one, same columns")] = None
    label_column: Annotated[
        str | None, Field(description="a column's name, 'auto': the one called label, or null")
    ] = "auto"
    id_column: Annotated[
        str | None, Field(description="the name of a column that is no feature, or null")
    ] = None
    delimiter: Mark | None = None
    decimal: Literal[".", ","] | None = None
    test_size: TestSize = 0.2
    scale: Literal["none", "minmax", "standard"] = "standard"

    def read(self) -> Source:
        file = needed_file(self.path, "path", OPTION)
        found, label = self._layout(file)
        names = self._features(found, label)
        if not names:
            raise BadRequest(f"{file} has no column beside dataset.label_column and id_column")
        read = [(str(file), *table_csv.values(file, found, label, self.id_column))]
        if self.test_path is not None:
            read.append(self._test_part(names, label is not None))
        labelled = [
            (f"{n}: label", _numbers(texts)) for n, _, texts, _ in read if texts is not None
        ]
        numbered, label_names = labels(labelled, [len(texts) for _, texts in labelled])
        parts = [
            Split(
                x[:, None, :, None],
                None if texts is None else numbered.pop(0),
                ids=np.arange(1, len(x) + 1) if ids is None else ids,
            )
            for _, x, texts, ids in read
        ]
        return Source(
            parts[0],
            (*parts, None)[1],
            f"{file} ({_described(names, label, found)})",
            label_names,
            column_types(names, read[0][1]),
            {
                "option": OPTION,
                "label_column": label,
                "id_column": self.id_column,
                "delimiter": self.delimiter,
                "decimal": self.decimal,
            },
            kind="table",
        )

    def like(self, learnt: Learnt) -> "Table":
        """As Dataset.like; a file may lack the label and the id. Raises BadRequest for others."""
        reader = learnt.reader if learnt.reader.get("option") == OPTION else {}
        marks = {key: getattr(self, key) or reader.get(key) for key in ("delimiter", "decimal")}
        file = needed_file(self.path, "path", OPTION)
        names = table_csv.layout(file, **marks).names
        roles = {}
        for key, default in (("label_column", "auto"), ("id_column", None)):
            name = getattr(self, key)
            if name == default and reader:
                name = reader.get(key)
                if name not in names:
                    own = ("label",) if key == "label_column" else (ID, ROW)
                    name = (
                        _of_ours(own, names, learnt.columns) if name or key == "id_column" else None
                    )
            roles[key] = name
        same = dataclasses.replace(self, **marks, **roles)
        found, label = same._layout(file)
        _check_names(file, same._features(found, label), learnt.columns)
        return same

    def _layout(self, file: pathlib.Path) -> tuple[table_csv.Layout, str | None]:
        """(the file's layout, the name of its label column or None). Raises BadRequest."""
        found = table_csv.layout(file, self.delimiter, self.decimal)
        label = self.label_column
        if label == "auto":
            label = "label" if "label" in found.names else None
        for key, name in (("label_column", label), ("id_column", self.id_column)):
            if name is not None and name not in found.names:
                near = difflib.get_close_matches(name, found.names, n=1)
                hint = (
                    f"did you mean {shown(near[0])!r}?" if near else f"it has {_some(found.names)}"
                )
                raise BadRequest(f"dataset.{key}={name}: {file} has no such column; {hint}")
        return found, label

    def _features(self, found: table_csv.Layout, label: str | None) -> list[str]:
        return [name for name in found.names if name not in (label, self.id_column)]

    def _test_part(self, names: list[str], is_labelled: bool):
        """(file, [N, D] in the order of names, label's texts or None, id's or None)"""
        file = needed_file(self.test_path, "test_path", OPTION)
        found, label = self._layout(file)
        if is_labelled != (label is not None):
            raise BadRequest(f"{file} and dataset.path: one has a label column, the other has none")
        own = self._features(found, label)
        _check_names(file, own, dict.fromkeys(names, "number"))
        x, *known = table_csv.values(file, found, label, self.id_column)
        return str(file), x[:, [own.index(name) for name in names]], *known


def _of_ours(ours: tuple[str, ...], names: list[str], trained: dict[str, str] | None) -> str | None:
    """What this package calls label or id in the files that it writes, if it is no feature."""
    return next((name for name in ours if name in names and name not in (trained or ())), None)


def _check_names(file, names: list[str], trained: dict[str, str] | None) -> None:
    """Raises BadRequest in one line for columns that are missing, and for unknown ones."""
    if trained is None:
        return
    missing = [name for name in trained if name not in names]
    unknown = [name for name in names if name not in trained]
    if missing or unknown:
        faults = [f"lacks {_some(missing)}"] if missing else []
        faults += [f"has {_some(unknown)}, which the training had not"] if unknown else []
        raise BadRequest(f"{file} {' and '.join(faults)}")


def _some(names: list[str]) -> str:
    return ", ".join(map(shown, names[:SHOWN])) + (", ..." if len(names) > SHOWN else "")


def _described(names: list[str], label: str | None, found: table_csv.Layout) -> str:
    said = f"{len(names)} columns of numbers: {_some(names)}"
    said += f"; label {shown(label)}" if label is not None else "; no label"
    mark = "tab" if found.delimiter == "\t" else repr(found.delimiter)
    return f"{said}; delimiter {mark}, decimal {found.decimal!r}"


def _numbers(texts: np.ndarray) -> np.ndarray:
    """Labels that all are numbers become numbers."""
    try:
        return texts.astype(np.float64)
    except ValueError:
        return texts
