"""A Parquet file as a table: columns of numbers and of texts, a piece at a time."""

import dataclasses
import pathlib
from collections.abc import Iterator
from typing import Any

from aecli.datasets.parquet_file import BLOCK, check_size, opened
from aecli.datasets.source_file import shown
from aecli.datasets.table_part import Roles
from aecli.datasets.table_texts import ways
from aecli.errors import BadRequest

MOST = 2**38  # bytes unpacked: they are read a block at a time


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

    def key(self) -> list:
        """As table_blocks.Stored."""
        return ["parquet", self.names]

    def most_rows(self) -> int:
        """As many as it declares. Raises BadRequest."""
        with opened(self.path) as stored:
            return check_size(self.path, stored, 4 * len(self.names), MOST)

    def batches(self, roles: Roles) -> Iterator[Any]:
        """Its rows. Raises BadRequest."""
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
        coded = [name for name in named if name in self.texts and name != roles.id]
        with opened(self.path, coded) as stored:
            count, rows = self.most_rows(), max(1, BLOCK // len(self.names))
            for batch in stored.iter_batches(rows, columns=[*roles.features, *known]):
                count -= batch.num_rows
                yield batch
        if count:
            raise BadRequest(f"{self.path} is damaged: it has other rows than it declares")


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
