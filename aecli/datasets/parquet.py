"""Tables of your own in Parquet: one image a row, one pixel a column."""

import dataclasses
import importlib.util
import pathlib
from typing import Annotated

import numpy as np
from pydantic import Field

from aecli.datasets.arrays import images
from aecli.datasets.base import Dataset, Source, Split, TestSize
from aecli.datasets.columns import column_types
from aecli.datasets.labels import labels
from aecli.datasets.learnt import Learnt
from aecli.datasets.source_file import MAX_BYTES, existing_file, shown
from aecli.errors import BadRequest

OPTION = "parquet"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parquet(Dataset):
    """Every column but the label's is a pixel, in their order; a missing value is refused.

    Whole numbers in 0..255 are taken as x/255, those in 0..1 as 0 and 1, others as they are.
    """

    path: Annotated[str | None, Field(description="a Parquet file")] = None
    label: Annotated[
        str | None, Field(description="a column's name, 'auto': the one called label, or null")
    ] = "auto"
    shape: Annotated[
        list[Annotated[int, Field(ge=1)]] | None,
        Field(min_length=2, max_length=3, description="[H, W] or [H, W, C] of an image"),
    ] = None
    test_size: TestSize = 0.2

    def read(self) -> Source:
        file = existing_file(self.path, "path", "parquet")
        columns = read_columns(file)
        label = self._label(file, list(columns))
        texts = columns.pop(label) if label is not None else None
        if not columns:
            raise BadRequest(f"{file} has a label column and nothing else")
        pixels = np.stack([_pixel(file, name, column) for name, column in columns.items()], axis=1)
        (x,) = images([(str(file), pixels)], self.shape)
        described = {
            "columns": column_types(list(columns), pixels),
            "reader": {"option": OPTION, "label": label, "shape": list(x.shape[1:])},
        }
        if texts is None:
            return Source(Split(x), None, str(file), **described)
        if texts.dtype.kind == "O":
            texts = texts.astype(str)
        numbered, names = labels([(f"{file}: {shown(label)}", texts)], [len(x)])
        return Source(Split(x, numbered[0]), None, str(file), names, **described)

    def like(self, learnt: Learnt) -> "Parquet":
        label, known = self.label, learnt.reader.get("label")
        file = existing_file(self.path, "path", OPTION)
        if learnt.reader.get("option") == OPTION and label == "auto" and known is not None:
            label = known if known in read_names(file) else None
        return dataclasses.replace(self, label=label, shape=self.shape or list(learnt.shape))

    def _label(self, file: pathlib.Path, names: list[str]) -> str | None:
        if self.label == "auto":
            return next((name for name in names if name.lower() == "label"), None)
        if self.label is not None and self.label not in names:
            raise BadRequest(
                f"dataset.label={self.label}: {file} has no such column, but "
                f"{', '.join(map(shown, names[:8]))}"
            )
        return self.label


def read_names(file: pathlib.Path) -> list[str]:
    """The names of the columns. Raises BadRequest."""
    _check_installed()
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(file) as stored:
            return list(stored.schema_arrow.names)
    except (pyarrow.ArrowException, OSError) as error:
        raise _damaged(file, error) from None


def read_columns(file: pathlib.Path) -> dict[str, np.ndarray]:
    """{name: [N]}. Raises BadRequest."""
    _check_installed()
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(file) as stored:
            unpacked = sum(
                stored.metadata.row_group(i).total_byte_size for i in range(stored.num_row_groups)
            )
            if (
                max(unpacked, 8 * stored.metadata.num_rows * stored.metadata.num_columns)
                > MAX_BYTES
            ):
                raise BadRequest(f"{file} unpacks to more than {MAX_BYTES / 2**30:.0f} GiB")
            table = stored.read()
    except (pyarrow.ArrowException, OSError) as error:
        raise _damaged(file, error) from None
    if table.num_rows == 0:
        raise BadRequest(f"{file} has no rows of data")
    for name in table.column_names:
        if table.column_names.count(name) > 1:
            raise BadRequest(f"{file} has two columns called {shown(name)}")
        if table[name].null_count:
            raise BadRequest(f"{file}: column {shown(name)} has missing values; fill them in")
    return {name: table[name].to_numpy() for name in table.column_names}


def _check_installed() -> None:
    if importlib.util.find_spec("pyarrow") is None:
        raise BadRequest("Parquet needs: pip install 'aecli[parquet]'")


def _damaged(file: pathlib.Path, error: Exception) -> BadRequest:
    return BadRequest(f"{file} is damaged, or no Parquet file: {shown(error)}")


def _pixel(file: pathlib.Path, name: str, column: np.ndarray) -> np.ndarray:
    if column.dtype.kind not in "buif":
        raise BadRequest(
            f"{file}: column {shown(name)} is no number; name the label's: dataset.label=NAME"
        )
    return column
