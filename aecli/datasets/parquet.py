"""Tables of your own in Parquet: one image a row, one pixel a column."""

import dataclasses
import pathlib
from typing import Annotated

import numpy as np
from pydantic import Field

from aecli.datasets.arrays import shaped
from aecli.datasets.base import Dataset, Scale, Source, Split, TestSize
from aecli.datasets.columns import column_types
from aecli.datasets.labels import labels
from aecli.datasets.learnt import Learnt
from aecli.datasets.parquet_file import check_columns, read_label, read_names, read_pixels
from aecli.datasets.rows import Rows
from aecli.datasets.source_file import needed_file, shown
from aecli.errors import BadRequest

OPTION = "parquet"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parquet(Dataset):
    """Every column but the label's is a pixel, in their order; a missing value is refused.

    Whole numbers in 0..255 are taken as x/255, those in 0..1 as 0 and 1, others by `scale`.
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
    scale: Scale = "auto"

    def read(self) -> Source:
        file = needed_file(self.path, "path", OPTION)
        names = read_names(file)
        label = self._label(file, names)
        pixels = [name for name in names if name != label]
        if not pixels:
            raise BadRequest(f"{file} has a label column and nothing else")
        count = check_columns(file, pixels, label)

        def read(positions: np.ndarray) -> np.ndarray:
            return read_pixels(file, pixels, positions)

        found = Rows(read, (count, len(pixels)), is_kept=False, name=str(file))
        (x,) = shaped([(str(file), found)], self.shape)
        described = {
            "columns": column_types(pixels, np.zeros((1, len(pixels)), np.uint8)),
            "reader": {"option": OPTION, "label": label, "shape": list(x.shape[1:])},
        }
        if label is None:
            return Source(Split(x), None, str(file), **described)
        texts, positions = read_label(file, label)
        numbered, names = labels([(f"{file}: {shown(label)}", texts)], [len(texts)])
        return Source(Split(x, numbered[0][positions]), None, str(file), names, **described)

    def like(self, learnt: Learnt) -> "Parquet":
        label, known = self.label, learnt.reader.get("label")
        file = needed_file(self.path, "path", OPTION)
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
