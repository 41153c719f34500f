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
from aecli.datasets.rows import Rows
from aecli.datasets.scaling import Scaling
from aecli.datasets.source import Source
from aecli.datasets.splits import Split, Splits, value_range
from aecli.datasets.vocabulary import Vocabulary
from aecli.dataspec import DataSpec, Kind
from aecli.errors import BadRequest

IN_MEMORY = ("fixed", "threshold")  # binarisations of the data, once and for all
GIVEN = 4  # the stream of random numbers of binarize=fixed for a file of the user's


@dataclasses.dataclass(frozen=True, kw_only=True)
class Learnt:
    """shape, kind: of DataSpec, None: as the shape tells. unit: of units.UNITS.

    range: (lowest, highest) value before any scaling; of bytes and units of ranges.PAIRS in [0, 1].

    gaps: whether series end before the last point, in NaN. scaling: None where there is none;
    clips: whether scaled values are cut to [0, 1], as a likelihood on [0, 1] needs it.
    label_names[i]: the name of label i; train_labels, test_labels: those that are there, None
    without labels. columns: {name: integer or number} of a table;
    reader: the settings that the file was read with, "auto" resolved; fingerprints: {part:
    SHA-256 of it}. vocabulary: of a text.
    """

    shape: tuple[int, int, int]
    unit: str
    range: tuple[float, float]
    kind: Kind | None = None
    gaps: bool = False
    scaling: Scaling | None = None
    clips: bool = False
    binarize: str = "none"
    seed: int = 0
    label_names: tuple[str, ...] | None = None
    train_labels: list[int] | None = None
    test_labels: list[int] | None = None
    columns: dict[str, str] | None = None
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
        scaling = None
        if scale in ("minmax", "standard"):
            _check_in_memory(train, source.origin)
            scaling = Scaling.fitted(train.pixels(), scale, scale_per)
        return cls(
            shape=train.data_shape,
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
            reader=source.reader,
            vocabulary=source.vocabulary,
        )

    def in_model_units(self, part: Split, seed: int | None = None, stream: int = GIVEN) -> Split:
        """A Split in the training's unit -> scaled, cut and binarised as the training's data were.

        Where values are cut, the Split says by how much: `excess`. seed, stream: of binarize=fixed.
        """
        if self.scaling is not None or self.binarize in IN_MEMORY:
            _check_in_memory(part, "the file")
        if self.scaling is not None:
            x = self.scaling(part.pixels())
            part = dataclasses.replace(part, x=x)
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
        """What a model needs of it to take raw values, and no names."""
        return Learnt(
            shape=self.shape,
            kind=self.kind,
            gaps=self.gaps,
            unit=self.unit,
            range=self.range,
            scaling=self.scaling,
            clips=self.clips,
            binarize=self.binarize,
            seed=self.seed,
            vocabulary=self.vocabulary,
        )

    def unscaled(self, x: np.ndarray) -> np.ndarray:
        """What a model made, [N, H, W, C] float32, in the file's numbers, but bytes in [0, 1]."""
        return ranges.undone(x if self.scaling is None else self.scaling.undone(x), self.unit)

    @property
    def raw_range(self) -> tuple[float, float]:
        """The range in the file's numbers."""
        low, high = ranges.undone_range(self.range, self.unit)
        return (low * 255, high * 255) if self.unit == "bytes" else (low, high)

    def raw(self, x: np.ndarray) -> np.ndarray:
        """What a model made, [N, H, W, C] float32, in the file's numbers: bytes in [0, 255]."""
        return self.unscaled(x) * np.float32(255 if self.unit == "bytes" else 1)


def cut(part: Split) -> Split:
    """The same with values in [0, 1], and what was cut off as its excess."""
    whole = part.x[:]
    x = np.clip(whole, 0, 1)
    if np.array_equal(x, whole, equal_nan=True):
        return part
    return dataclasses.replace(part, x=x, excess=np.nan_to_num(whole - x))


def cut_to_unit_range(splits: Splits) -> Splits:
    """Scaled data, of which values beyond the training part's range are cut to [0, 1]."""
    done = {id(part): cut(part) for part in (splits.train, splits.val, splits.test)}
    train, val, test = (done[id(part)] for part in (splits.train, splits.val, splits.test))
    notes = (*splits.notes, cut_note(train, val, test))
    learnt = dataclasses.replace(splits.learnt, clips=True)
    names = splits.label_names
    return Splits(train, val, test, splits.source, names, learnt, tuple(n for n in notes if n))


def cut_note(*parts: Split) -> str:
    """How many values were cut to [0, 1]; "" where none was."""
    parts = tuple({id(part): part for part in parts}.values())
    count = sum(int(np.count_nonzero(part.excess)) for part in parts if part.excess is not None)
    of = sum(part.x.size for part in parts)
    if not count:
        return ""
    return (
        f"{count:,} of {of:,} values lie beyond the training part's range and are cut to [0, 1], "
        "as the loss or binarize needs it"
    )


def has_gaps(part: Split | None) -> bool:
    """Whether points of it are missing."""
    return part is not None and part.x.dtype.kind == "f" and bool(np.isnan(part.x[:]).any())


def _present(part: Split) -> list[int] | None:
    return None if part.labels is None else np.unique(part.labels).tolist()


def _check_in_memory(part: Split, origin: str) -> None:
    if isinstance(part.x, Rows):
        raise BadRequest(
            f"dataset.scale and dataset.binarize={'|'.join(IN_MEMORY)} need the images in "
            f"memory; {origin}\nleave them out, or take fewer images: dataset.limit=N"
        )
