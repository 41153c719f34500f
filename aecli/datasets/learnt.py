"""What a training learnt of its data: how the values of any other file become a model's input.

A run keeps it as plain numbers and names (data.json), and every command goes through it: nothing
is learnt anew from the file at hand.
"""

import dataclasses
from typing import Any

import numpy as np

from aecli.datasets import columns, ranges, units
from aecli.datasets import labels as label_columns
from aecli.datasets.binarization import binarized
from aecli.datasets.coding import Coding
from aecli.datasets.cutting import cut, cut_note
from aecli.datasets.quantiles import Quantiles
from aecli.datasets.rows import Rows, changed
from aecli.datasets.scaling import SCALES, Scaling, fitted
from aecli.datasets.source import Source
from aecli.datasets.splits import Split, value_range
from aecli.datasets.vocabulary import Vocabulary
from aecli.dataspec import DataSpec, Kind
from aecli.errors import BadRequest

IN_MEMORY = ("fixed", "threshold")  # binarisations of the data, once and for all
GIVEN = 4  # the stream of random numbers of binarize=fixed for a file of the user's


@dataclasses.dataclass(frozen=True, kw_only=True)
class Learnt:
    """shape, kind: of DataSpec of what a model is given, None: as the shape tells. unit: of UNITS.

    range: (lowest, highest) value before any scaling; of bytes and units of ranges.PAIRS in [0, 1].

    gaps: whether series end before the last point, in NaN. coding: of the columns of a table, None
    where each is one number. scaling: of what the coding gives, None where there is none; clips:
    whether scaled values are cut to [0, 1], as a likelihood on [0, 1] needs it.
    label_names[i]: the name of label i; train_labels, test_labels: those that are there, None
    without labels. columns: {name: of columns.TYPES} of a table; categories: {column: its values};
    reader: the settings that the file was read with, "auto" resolved; fingerprints: {part:
    SHA-256 of it}. vocabulary: of a text.
    """

    shape: tuple[int, int, int]
    unit: str
    range: tuple[float, float]
    kind: Kind | None = None
    gaps: bool = False
    coding: Coding | None = None
    scaling: Scaling | Quantiles | None = None
    clips: bool = False
    binarize: str = "none"
    seed: int = 0
    label_names: tuple[str, ...] | None = None
    train_labels: list[int] | None = None
    test_labels: list[int] | None = None
    columns: dict[str, str] | None = None
    categories: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    reader: dict[str, Any] = dataclasses.field(default_factory=dict)
    fingerprints: dict[str, str] = dataclasses.field(default_factory=dict)
    vocabulary: Vocabulary | None = None

    @classmethod
    def of(
        cls,
        source: Source,
        parts: tuple[Split, Split | None, Split | None],
        scale: str,
        scale_per: str,
        binarize: str,
        seed: int,
    ) -> "Learnt":
        """Of a source in its own unit, and its training, validation and test part.

        parts: validation and test are None where they are another of the three. The scaling knows
        the training part alone.
        """
        train, _, test = parts
        lows, highs = zip(*(value_range(part) for part in parts if part is not None), strict=True)
        scaling, coding, shape = None, None, train.data_shape
        if source.kind == "table" and source.columns is not None:
            sizes = [len(source.categories.get(name, ())) for name in source.columns]
            missing = source.reader.get("missing", "error")
            coding = Coding.fitted(source.origin, train.x, [*source.columns], sizes, missing)
            shape = (1, coding.width, 1)
        if scale in SCALES:
            x, numbers = train.as_floats(), None
            if coding is not None:  # what is missing tells nothing of a column's spread
                x, numbers = coding.applied(x, fill=False), coding.is_number
            if numbers is None or numbers.any():
                scaling = fitted(source.origin, x, scale, scale_per, numbers)
        return cls(
            shape=shape,
            coding=coding,
            kind=source.kind or DataSpec.of(train.data_shape).kind,
            gaps=source.kind == "text"
            or (source.kind == "series" and any(has_gaps(part) for part in parts)),
            unit=source.unit,
            range=(min(lows), max(highs)),
            scaling=scaling,
            clips=scale == "minmax" and binarize != "none",
            binarize=binarize,
            seed=seed,
            label_names=source.label_names,
            train_labels=_present(train),
            test_labels=_present(train if test is None else test),
            columns=source.columns,
            categories=source.categories,
            reader=source.reader,
            vocabulary=source.vocabulary,
        )

    def in_model_units(self, part: Split, seed: int | None = None, stream: int = GIVEN) -> Split:
        """A Split in the training's unit -> coded, scaled, cut and binarised as the training's.

        Where values are cut, the Split says by how much: `excess`. seed, stream: of binarize=fixed.
        """
        if self.binarize in IN_MEMORY:
            _check_in_memory(part)
        if self.coding is not None:
            part = dataclasses.replace(part, x=self.coding.applied(part.x))
        if self.scaling is not None:
            x = part.as_floats()
            part = dataclasses.replace(part, x=changed(x, self.scaling, x.shape[1:]))
        if self.clips:
            part = cut(part)
        if self.binarize != "none":
            rng = np.random.default_rng([self.seed if seed is None else seed, stream])
            part = dataclasses.replace(part, x=binarized(part.x[:], self.binarize, rng))
        return part

    def given(
        self, source: Source, part: Split, beyond: bool = False
    ) -> tuple[Split, tuple[str, ...] | None, list[str]]:
        """A part of another source -> (in model units, names of its labels, what to say of it).

        Labels get the training's numbers, columns its order. beyond: whether values outside of the
        training's range may pass. Raises BadRequest for values in another unit.
        """
        part, label_names = self._labelled(source, part)
        part, notes = self._in_unit(source, part)
        notes.append(self.check_range(source.origin, part, beyond))
        part = self.in_model_units(part)
        notes.append(cut_note(part))
        return part, label_names, [note for note in notes if note]

    def as_given(self, x: np.ndarray) -> np.ndarray:
        """Images in the numbers of the source [n, H, W, C] -> as the model is given them."""
        is_bytes = self.unit == "signed" and x.dtype == np.uint8
        part = Split(units.in_unit(x, "bytes" if is_bytes else self.unit))
        return self.in_model_units(part).x[:]

    def check_range(self, name: str, part: Split, beyond: bool) -> str:
        """As units.check_range; what is scaled has any range."""
        if self.scaling is not None:
            return ""
        return units.check_range(name, part, self.range, self.unit, beyond)

    def labelled(self, source: Source) -> Source:
        """Another source with this training's numbers for its labels. Raises BadRequest."""
        parts, names = [], source.label_names
        for part in (source.train, source.test):
            if part is not None:
                part, names = self._labelled(source, part)
            parts.append(part)
        return dataclasses.replace(source, train=parts[0], test=parts[1], label_names=names)

    def in_unit(self, source: Source) -> tuple[Source, list[str]]:
        """Another source in this training's unit, and what to say of it. Raises BadRequest."""
        parts, notes = [], []
        for part in (source.train, source.test):
            if part is not None:
                part, found = self._in_unit(source, part)
                notes += [note for note in found if note not in notes]
            parts.append(part)
        return dataclasses.replace(source, train=parts[0], test=parts[1], unit=self.unit), notes

    def _labelled(self, source: Source, part: Split) -> tuple[Split, tuple[str, ...] | None]:
        numbers, names = label_columns.as_trained(
            source.origin, part.labels, source.label_names, self.label_names, self.train_labels
        )
        return dataclasses.replace(part, labels=numbers), names

    def _in_unit(self, source: Source, part: Split) -> tuple[Split, list[str]]:
        """As given, before any scaling."""
        name = source.origin
        if self.kind == "series" and not self.gaps and has_gaps(part):
            raise BadRequest(
                f"{name} has series that are shorter than {self.shape[1]} points; those of the "
                "training all had as many"
            )
        array, order = columns.in_order(name, part.x, source.columns, self.columns)
        if self.coding is not None:  # of a row, no number is ever a byte
            array = changed(array, lambda rows: rows.astype(np.float32), array.shape[1:])
            known = source.categories, self.categories
            array = columns.recoded(name, array, self.columns or (), *known, part.ids)
        whole = [one.x for one in (source.train, source.test) if one is not None]
        x, note = units.as_trained(name, array, self.unit, self.range, source.are_pictures, whole)
        return dataclasses.replace(part, x=x), [text for text in (order, note) if text]

    @property
    def spec(self) -> DataSpec:
        """What one example is."""
        spec = DataSpec.of(self.shape, self.columns)
        return spec if self.kind is None else dataclasses.replace(spec, kind=self.kind)

    @property
    def of_values(self) -> "Learnt":
        """What a model needs of it to take raw values: of names, those of a table's columns."""
        labels = {"label_names": None, "train_labels": None, "test_labels": None}
        if self.coding is None:  # thousands of pixels may have names, too
            labels |= {"columns": None}
        return dataclasses.replace(self, **labels, reader={}, fingerprints={})

    def unscaled(self, x: np.ndarray) -> np.ndarray:
        """What a model made, [N, H, W, C] float32, in the file's numbers, but bytes in [0, 1].

        Of a table, [N, 1, M, 1] -> [N, 1, D, 1], a category as the position of its value.
        """
        x = ranges.undone(x if self.scaling is None else self.scaling.undone(x), self.unit)
        return x if self.coding is None else self.coding.undone(x)

    def by_column(self, values: np.ndarray) -> np.ndarray:
        """Sums over what stands for each column of a table: [N, M] -> [N, D]."""
        return values if self.coding is None else self.coding.by_column(values)

    @property
    def raw_shape(self) -> tuple[int, int, int]:
        """The shape of an example before any coding."""
        return self.shape if self.coding is None else (1, len(self.coding.sizes), 1)

    @property
    def raw_range(self) -> tuple[float, float]:
        """The range in the file's numbers."""
        low, high = ranges.undone_range(self.range, self.unit)
        return (low * 255, high * 255) if self.unit == "bytes" else (low, high)

    def raw(self, x: np.ndarray) -> np.ndarray:
        """What a model made, [N, H, W, C] float32, in the file's numbers: bytes in [0, 255]."""
        return self.unscaled(x) * np.float32(255 if self.unit == "bytes" else 1)


def has_gaps(part: Split | None) -> bool:
    """Whether points of it are missing."""
    return part is not None and part.x.dtype.kind == "f" and bool(np.isnan(part.x[:]).any())


def _present(part: Split) -> list[int] | None:
    return None if part.labels is None else np.unique(part.labels).tolist()


def _check_in_memory(part: Split) -> None:
    if isinstance(part.x, Rows):
        raise BadRequest(
            f"dataset.binarize={'|'.join(IN_MEMORY)} needs the data in memory, and these are read "
            "in place\nleave it out, or take fewer: dataset.limit=N"
        )
