"""Series of your own: .npy, .npz, CSV or .ts; or one long recording, cut into windows."""

import dataclasses
import pathlib
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from aecli.datasets import series_csv, windows
from aecli.datasets.base import Count, Dataset, Source, Split, TestSize, cut_rows
from aecli.datasets.chosen import Chosen
from aecli.datasets.labels import labels
from aecli.datasets.learnt import Learnt
from aecli.datasets.series_arrays import as_recording, as_series, padded, read_arrays
from aecli.datasets.series_csv import Grid, read_grid
from aecli.datasets.series_text import read_ts
from aecli.datasets.source_file import needed_file
from aecli.errors import BadRequest

OPTION = "series"
KEPT = ("layout", "label_column", "id_column", "time_column", "delimiter", "window", "stride")
Column = Annotated[
    str | int | None, Field(description="a column's name or position, auto, or null")
]
Found = tuple[str, list[np.ndarray], np.ndarray | None]
"""Name for messages, series [t, C] each (of a recording: the one), labels."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Series(Dataset):
    """Series [1, T, C] of float32, T points of C channels; shorter ones end in NaN.

    With `window`, the file is one recording [T, C], a row a point, whose windows are the series:
    the recording is split along time first, and no window lies across the split. test_size applies
    where the files have no test part.
    """

    scale: Literal["none", "minmax", "standard"] = "standard"
    scale_per: Literal["feature", "global", "channel"] = "channel"
    path: str | None = None
    test_path: str | None = None
    layout: Annotated[Literal["auto", "wide", "long"], Field(description="of a CSV")] = "auto"
    label_column: Column = "auto"
    id_column: Column = "auto"
    time_column: Column = "auto"
    delimiter: Annotated[
        str, Field(pattern=r'^[^"\r\n\x00]$', description="one character, no quote or line break")
    ] = ","
    length: Annotated[
        Annotated[int, Field(ge=2, le=2**16)] | None,
        Field(description="points; shorter series are filled up to it"),
    ] = None
    window: Annotated[
        Annotated[int, Field(ge=2, le=2**16)] | None,
        Field(description="points of a window of one long recording"),
    ] = None
    stride: Count = 1
    test_size: TestSize = 0.2

    def read(self) -> Source:
        file = needed_file(self.path, "path", OPTION)
        found = self._parts(file)
        if self.test_path is not None:
            test_file = needed_file(self.test_path, "test_path", OPTION)
            found = [found[0], self._parts(test_file)[0]]
        self._check_channels(found)
        labelled = [(f"{name}: label", texts) for name, _, texts in found if texts is not None]
        counts = [len(texts) for _, texts in labelled]
        if self.window is None:
            counts = [len(series) for _, series, texts in found if texts is not None]
        numbered, names = labels(labelled, counts)
        made = []
        longest = self.length or max(len(one) for _, series, _ in found for one in series)
        for name, series, texts in found:
            known = None if texts is None else numbered.pop(0)
            if self.window is None:
                made.append(Split(padded(name, series, longest), known))
                continue
            x, held = windows.cut(name, series[0], self.window, self.stride, known)
            made.append(Split(x, held.of_windows(), windows=held))
        if any(np.isnan(part.x).any() for part in made):
            self._check_gaps(file)
        reader = {"option": OPTION, **{key: getattr(self, key) for key in KEPT}}
        test = made[1] if len(made) > 1 else None
        return Source(made[0], test, str(file), names, reader=reader, kind="series")

    def like(self, learnt: Learnt) -> "Series":
        """The training's layout, window and columns; as long as its series were."""
        if learnt.reader.get("option") != OPTION:
            return self
        settings = {key: learnt.reader[key] for key in KEPT}
        settings = {k: v for k, v in settings.items() if getattr(self, k) == _DEFAULTS[k]}
        found = dataclasses.replace(self, **settings)
        length = None if found.window else learnt.shape[1]
        return dataclasses.replace(found, length=self.length or length)

    def _parts(self, file: pathlib.Path) -> list[Found]:
        """What a file holds, its test part too where it has one."""
        suffix = file.name.lower().removesuffix(".gz").rpartition(".")[2]
        if suffix in ("npy", "npz"):
            arrays = read_arrays(file)
            pairs = [(*arrays[i], arrays[i + 1][1]) for i in range(0, len(arrays), 2)]
            return [
                (name, self._of_array(name, array), texts)
                for name, array, texts in pairs
                if array is not None
            ]
        if suffix == "ts":
            if self.window is not None:
                raise BadRequest("dataset.window cuts one recording; a .ts has many series")
            return [(str(file), *read_ts(file))]
        delimiter = "\t" if suffix == "tsv" and self.delimiter == "," else self.delimiter
        stated = (self.label_column, self.id_column, self.time_column)
        return [(str(file), *self._of_grid(read_grid(file, delimiter, stated)))]

    def _of_array(self, name: str, array: np.ndarray) -> list[np.ndarray]:
        return as_series(name, array) if self.window is None else [as_recording(name, array)]

    def _of_grid(self, grid: Grid) -> tuple[list[np.ndarray], np.ndarray | None]:
        if self.window is not None:
            if self.layout == "long":
                raise BadRequest(
                    "dataset.window cuts one recording; layout=long has several series"
                )
            values, texts, _ = series_csv.points(grid, self.label_column, self.time_column)
            return [values], texts
        usual = grid.place("auto", "id_column", series_csv.IDS) is not None
        stated = self.id_column not in ("auto", None)
        if self.layout == "long" or (self.layout == "auto" and (usual or stated)):
            return series_csv.long(grid, self.label_column, self.time_column, self.id_column)
        return series_csv.wide(grid, self.label_column)

    def _check_gaps(self, file: pathlib.Path) -> None:
        """Raises BadRequest for what needs series of one length."""
        for key, value in (("scale_per", "feature"), ("binarize", None)):
            if getattr(self, key) == value or (value is None and self.binarize != "none"):
                raise BadRequest(
                    f"dataset.{key}={getattr(self, key)}: the series of {file} have unequal "
                    f"lengths\nleave dataset.{key} as it is"
                )

    def _check_channels(self, found: list[Found]) -> None:
        for name, series, _ in found:
            if series[0].shape[1] != found[0][1][0].shape[1]:
                raise BadRequest(
                    f"{name} has {series[0].shape[1]} channels and {found[0][0]} "
                    f"{found[0][1][0].shape[1]}; both parts need the same"
                )

    def _chosen(self, source: Source) -> Chosen:
        """Of windows, the parts are one after another in time, and none of two overlap."""
        held = source.train.windows
        if held is None:
            return super()._chosen(source)
        rows, test, val = np.arange(len(source.train)), None, None
        if source.test is not None:
            test = self._limited(self._of_classes(source.test, source, "test"))
        elif self.test_size != "train":
            rows, test = _apart(held, *cut_rows(rows, self.test_size, "test_size"), "test_size")
        if self.validation_size != "test":
            size = self.validation_size
            rows, val = _apart(held, *cut_rows(rows, size, "validation_size"), "validation_size")
        pool = self._of_classes(source.train, source, "training")
        if source.test is None and test is not None:
            test = self._limited(test[np.isin(test, pool)])
        val = None if val is None else self._limited(val[np.isin(val, pool)])
        rows = self._limited(rows[np.isin(rows, pool)])
        for name, part in (("training", rows), ("validation", val), ("test", test)):
            if part is not None and not len(part):
                raise BadRequest(
                    f"dataset.classes={self.classes} leaves no window of the {name} part of "
                    f"{source.origin}"
                )
        return Chosen(rows, val, test)

    def _limited(self, rows: np.ndarray) -> np.ndarray:
        """At most `limit` of them, at random, in their order."""
        if self.limit is None or len(rows) <= self.limit:
            return rows
        rng = np.random.default_rng([self.seed, 0])
        return np.sort(rng.choice(rows, self.limit, replace=False))


def _apart(held: windows.Windows, rows: np.ndarray, later: np.ndarray, key: str):
    """Those of the rows that end before the later ones begin, and these."""
    kept = windows.before(held, rows, later)
    if not len(kept):
        raise BadRequest(
            f"dataset.{key} leaves no training window: those of {held.length} points overlap\n"
            "take a shorter dataset.window, or a longer recording"
        )
    return kept, later


_DEFAULTS = {field.name: field.default for field in dataclasses.fields(Series)}
