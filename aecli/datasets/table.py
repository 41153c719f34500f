"""Tables of your own: CSV, TSV, Parquet or NumPy; numbers and categories, by name, as they are."""

import dataclasses
import difflib
import pathlib
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from aecli.datasets import columns, table_arrays, table_csv, table_parquet, table_parts
from aecli.datasets.base import Dataset, Source, Split, TableScale, TestSize
from aecli.datasets.labels import labels
from aecli.datasets.learnt import Learnt
from aecli.datasets.rows import changed
from aecli.datasets.source_file import needed_file, shown
from aecli.datasets.table_part import Part, Roles
from aecli.datasets.table_texts import ways
from aecli.errors import BadRequest

OPTION = "table"
ID, ROW = "id", "row"  # how outputs name what a row is known by: a text, or its number from 1
SENTENCE = 3  # words, in the mean, above which texts are rather sentences than values
FEW = 20  # values of a column of texts that is taken as a category unasked
KEPT = ("label_column", "id_column", "delimiter", "decimal", "missing")
Mark = Annotated[str, Field(pattern=r'^[^"\r\n\x00]$', description="one character")]
Names = Annotated[list[str], Field(max_length=2**16)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Table(Dataset):
    """One example a row, one column a number or a category; numbers are taken as they are.

    A model is given rows [1, M, 1], of which a category takes one number for each of its values.
    test_size applies where there is no test part.
    """

    path: Annotated[
        str | None, Field(description="CSV or TSV, plain or .gz, .parquet, .npy or .npz")
    ] = None
    test_path: Annotated[str | None, Field(description="a second one, same columns")] = None
    label_column: Annotated[
        str | None, Field(description="a column's name, 'auto': the one called label, or null")
    ] = "auto"
    id_column: Annotated[
        str | None, Field(description="the name of a column that is no feature, or null")
    ] = None
    categories: Annotated[
        Literal["auto"] | Names | None, Field(description="names of columns, auto or null")
    ] = "auto"
    counts: Annotated[Names | None, Field(description="names of columns, or null")] = None
    missing: Literal["error", "drop", "mean", "indicator"] = "error"
    cache: bool = True  # a table beyond what fits well into memory is kept as float32
    delimiter: Mark | None = None
    decimal: Literal[".", ","] | None = None
    test_size: TestSize = 0.2
    scale: TableScale = "standard"

    def read(self) -> Source:
        file = needed_file(self.path, "path", OPTION)
        stored = self._opened(file)
        roles = self._roles(file, stored)
        if not roles.features:
            raise BadRequest(f"{file} has no column beside dataset.label_column and id_column")
        parts, notes = self._parts(stored, roles), _offered(roles)
        for name in roles.maybe:
            _check_few(parts[0], name)
        if self.test_path is not None:
            parts = [parts[0], self._test_part(roles, parts[0])]
        for place, part in enumerate(parts):
            parts[place], note = part.checked(roles.features, self.missing)
            notes += [note] if note else []
        for name in self.counts or ():
            _check_known(
                file, [n for n in roles.features if n not in roles.categories], "counts", name
            )
        counts = {name: roles.features.index(name) for name in self.counts or ()}
        for part in parts:
            part.check_counts(counts)
        x, known = parts[0].x, parts[0].categories
        types = columns.column_types(roles.features, x) or {}
        types |= dict.fromkeys(known, "category") | dict.fromkeys(self.counts or (), "count")
        splits, names = _splits(parts)
        reader = {key: getattr(self, key) for key in KEPT} | {"label_column": roles.label}
        return Source(
            splits[0],
            (*splits, None)[1],
            f"{file} ({_described(roles, known, stored.how)})",
            names,
            types,
            {"option": OPTION, **reader},
            kind="table",
            notes=tuple(notes),
            categories=known,
        )

    def like(self, learnt: Learnt) -> "Table":
        """As Dataset.like; a file may lack the label and the id. Raises BadRequest for others."""
        reader = learnt.reader if learnt.reader.get("option") == OPTION else {}
        marks = {key: getattr(self, key) or reader.get(key) for key in ("delimiter", "decimal")}
        file = needed_file(self.path, "path", OPTION)
        same = dataclasses.replace(self, **marks)
        stored, trained = same._opened(file), learnt.columns or {}
        names, roles = stored.names, {}
        for key, ours in (("label_column", ("label", "y")), ("id_column", (ID, ROW))):
            roles[key] = name = getattr(self, key)
            if name == _DEFAULTS[key] and reader:
                name = reader.get(key)
                if name not in names and (name is not None or key == "id_column"):
                    name = next((n for n in ours if n in names and n not in trained), None)
                roles[key] = name
        same = dataclasses.replace(
            same,
            **roles,
            missing=reader.get("missing", self.missing),
            categories=[name for name in names if name in learnt.categories],
        )
        features = same._roles(file, stored).features
        by_position = not stored.has_header and len(features) == len(trained)
        if trained and not by_position:
            _check_names(file, features, trained)
        return same

    def _opened(self, file: pathlib.Path):
        """What its header says."""
        name = file.name.lower()
        if name.endswith(".parquet"):
            return table_parquet.read(file)
        if name.endswith((".npy", ".npz")):
            return table_arrays.read(file)
        return table_csv.opened(file, self.delimiter, self.decimal)

    def _parts(self, stored, roles: Roles) -> list[Part]:
        """Its rows; those of a file of texts that are too many for memory stay in the cache."""
        if isinstance(stored, table_arrays.ArrayTable):
            return stored.parts(roles)
        return [table_parts.read(stored, roles, self.cache)]

    def _roles(self, file: pathlib.Path, stored) -> Roles:
        """What each column is. Raises BadRequest for names that the file has not."""
        label = self.label_column
        if label == "auto":
            label = next((name for name in stored.usual_labels if name in stored.names), None)
        for key, name in (("label_column", label), ("id_column", self.id_column)):
            if name is not None:
                _check_known(file, stored.names, key, name)
        features = [name for name in stored.names if name not in (label, self.id_column)]
        if self.categories == "auto":
            found = [name for name in stored.texts if name in features]
            return Roles(features, tuple(found), label, self.id_column, tuple(found))
        for name in self.categories or ():
            _check_known(file, features, "categories", name)
        return Roles(features, tuple(self.categories or ()), label, self.id_column)

    def _test_part(self, roles: Roles, train: Part) -> Part:
        """The rows of test_path, their columns in the order of dataset.path. Raises BadRequest."""
        file = needed_file(self.test_path, "test_path", OPTION)
        same = dataclasses.replace(self, categories=[*train.categories])
        stored = same._opened(file)
        own = same._roles(file, stored)
        if (roles.label is None) != (own.label is None):
            raise BadRequest(f"{file} and dataset.path: one has a label column, the other has none")
        _check_names(file, own.features, dict.fromkeys(roles.features, ""))
        part = self._parts(stored, own)[0]
        order = [own.features.index(name) for name in roles.features]
        x = changed(part.x, lambda rows: rows[:, order], (len(order),))
        known = part.categories, train.categories
        x = columns.recoded(part.name, x, roles.features, *known, part.ids)
        return dataclasses.replace(part, x=x)


def _splits(parts: list[Part]) -> tuple[list[Split], tuple[str, ...] | None]:
    """With numbers for labels, and the names of these."""
    found = [(f"{part.name}: label", part.label) for part in parts if part.label is not None]
    values = [(name, _numbers(label.values)) for name, label in found]
    try:
        numbered, names = labels(values, [len(one) for _, one in values])
    except BadRequest:  # of all rows, it says which one is wrong
        labels(
            [(name, _numbers(label.whole())) for name, label in found],
            [len(label) for _, label in found],
        )
        raise
    splits = []
    for part in parts:
        numbers = None if part.label is None else numbered.pop(0)[part.label.at]
        shape = 1, part.x.shape[1], 1
        x = changed(part.x, lambda rows: rows[:, None, :, None], shape)
        splits.append(Split(x, numbers, ids=part.ids))
    return splits, names


def _check_known(file, names: list[str], key: str, name: str) -> None:
    """Raises BadRequest, with the nearest name that there is."""
    if name in names:
        return
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {shown(near[0])!r}?" if near else f"it has {columns.some(names)}"
    raise BadRequest(f"dataset.{key}={name}: {file} has no such column; {hint}")


def _check_names(file, names: list[str], trained: dict[str, str]) -> None:
    """Raises BadRequest in one line for columns that are missing, and for unknown ones."""
    missing = [name for name in trained if name not in names]
    unknown = [name for name in names if name not in trained]
    if missing or unknown:
        faults = [f"lacks {columns.some(missing)}"] if missing else []
        faults += [f"has {columns.some(unknown)}, which the training had not"] if unknown else []
        raise BadRequest(f"{file} {' and '.join(faults)}")


def _check_few(part: Part, name: str) -> None:
    """Raises BadRequest for a column of texts that nobody named, and that is no category."""
    values = part.categories[name]
    if len(values) > FEW:
        way, words = ways(name), sum(len(value.split()) for value in values) / len(values)
        if words > SENTENCE:
            way = f"train on its sentences: dataset=text dataset.column={shown(name)}; or {way}"
        raise BadRequest(
            f"{part.name}: column {shown(name)!r} holds {len(values):,} different texts "
            f"({columns.some(shown(value, 40) for value in values)})\n{way}"
        )


def _offered(roles: Roles) -> list[str]:
    """What to say of columns of texts that are taken as categories unasked."""
    if not roles.maybe or roles.label is not None:
        return []
    first = shown(roles.maybe[0])
    return [
        f"{columns.some(roles.maybe)}: texts, taken as categories; a label is named by "
        f"dataset.label_column={first}"
    ]


def _described(roles: Roles, categories: dict, how: str) -> str:
    numbers = len(roles.features) - len(categories)
    said = f"{numbers} column{'' if numbers == 1 else 's'} of numbers"
    said += f", {len(categories)} of categories" if categories else ""
    said += f": {columns.some(roles.features)}"
    said += f"; label {shown(roles.label)}" if roles.label is not None else "; no label"
    return f"{said}; {how}"


def _numbers(texts: np.ndarray) -> np.ndarray:
    """Labels that all are numbers become numbers."""
    try:
        return texts.astype(np.float64)
    except ValueError:
        return texts


_DEFAULTS = {field.name: field.default for field in dataclasses.fields(Table)}
