"""A Parquet file as a table: columns of numbers and of texts, a piece at a time."""

import dataclasses
import pathlib

import numpy as np

from aecli.datasets.parquet_file import BLOCK, check_size, opened
from aecli.datasets.source_file import shown
from aecli.datasets.table_part import Part, Roles, check_length, numbered, ways
from aecli.datasets.table_texts import Texts
from aecli.errors import BadRequest


@dataclasses.dataclass(frozen=True)
class ParquetTable:
    """names: of the columns. texts: those of texts; others: {column: what else it is of}."""

    path: pathlib.Path
    names: list[str]
    texts: tuple[str, ...]
    others: dict[str, str]

    how = "Parquet"
    has_header = True
    usual_labels = ("label",)

    def parts(self, roles: Roles) -> list[Part]:
        """Its rows, one part. Raises BadRequest."""
        known = [name for name in (roles.label, roles.id) if name is not None]
        named = [*roles.categories, *known]
        for name in roles.features:
            if name in self.others:
                raise BadRequest(
                    f"{self.path}: column {shown(name)!r} is of {self.others[name]}, neither "
                    f"numbers nor texts\nleave it out: dataset.id_column={shown(name)}"
                )
            if name in self.texts and name not in named:
                raise BadRequest(f"{self.path}: column {shown(name)!r} holds texts\n{ways(name)}")
        texts = {name: Texts() for name in named}
        with opened(self.path, [name for name in named if name in self.texts]) as stored:
            count = check_size(self.path, stored, 4 * len(self.names))
            x = np.empty((count, len(roles.features)), np.float32)
            start, rows = 0, max(1, BLOCK // len(self.names))
            for batch in stored.iter_batches(rows, columns=[*roles.features, *known]):
                stop = start + batch.num_rows
                if stop > len(x):
                    break
                for place, name in enumerate(roles.features):
                    if name not in texts:
                        x[start:stop, place] = _numbers(batch.column(name))
                for name, found in texts.items():
                    found.add(batch.column(name))
                start = stop
        if start != len(x):
            raise BadRequest(f"{self.path} is damaged: it has other rows than it declares")
        categories = {}
        for place, name in enumerate(roles.features):
            if name in texts:
                held = texts[name].different, texts[name].positions
                x[:, place], categories[name] = numbered(str(self.path), name, *held)
        label, ids = (
            None if name is None else self._values(name, texts[name])
            for name in (roles.label, roles.id)
        )
        return [Part(str(self.path), x, categories, label, ids)]

    def _values(self, name: str, texts: "Texts") -> np.ndarray:
        if any(text is None for text in texts.different):
            raise BadRequest(
                f"{self.path}: column {shown(name)!r} has missing values; fill them in"
            )
        values = list(map(str, texts.different))
        check_length(str(self.path), name, max(map(len, values)))
        return np.array(values)[texts.positions]


def _numbers(column) -> np.ndarray:
    """[n] float32, NaN for a gap."""
    import pyarrow
    from pyarrow.compute import cast

    column = column.dictionary_decode() if hasattr(column, "dictionary") else column
    return cast(column, pyarrow.float32(), safe=False).to_numpy(zero_copy_only=False)


def read(path: pathlib.Path) -> ParquetTable:
    """What its schema says. Raises BadRequest."""
    from pyarrow import types

    with opened(path) as stored:
        fields = list(stored.schema_arrow)
    texts, others = [], {}
    for field in fields:
        kind = field.type.value_type if types.is_dictionary(field.type) else field.type
        if types.is_string(kind) or types.is_large_string(kind):
            texts.append(field.name)
        elif not (types.is_boolean(kind) or types.is_integer(kind) or types.is_floating(kind)):
            others[field.name] = shown(kind)
    return ParquetTable(path, [field.name for field in fields], tuple(texts), others)
