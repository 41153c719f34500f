"""Split and Splits: what a data set hands to training, metrics and figures."""

import dataclasses
import functools
import hashlib
from typing import Any

import numpy as np

from aecli.datasets.factors import FactorGrid, Factors
from aecli.datasets.ids import Ids
from aecli.datasets.rows import Rows, in_blocks
from aecli.datasets.windows import Windows
from aecli.dataspec import DataSpec
from aecli.errors import BadRequest

Array = np.ndarray | Rows
FINGERPRINT_BYTES = 2**28  # of a part that the fingerprint reads; of larger ones, a sample
BLOCK = 500  # images at a time
PIECE = 2**25  # bytes that a fingerprint reads at a time, but of a file all: in its own order
PARTS = ("train", "val", "test")
MOST_LABELS = 10_000  # that a model may be told


@dataclasses.dataclass(frozen=True)
class Split:
    """x: [N, H, W, C], uint8 (0..255, meaning x/255 in [0, 1]) or float32; labels: int64 [N].

    x may be Rows: images that stay in their file. excess: what was cut off from x, of its shape;
    None where nothing was. windows: where in a recording they are, None for what is no window.
    ids: what the rows of a table are known by, texts [N] or their numbers in the file, from 1; None
    where there are none. factors: what the images were drawn from, where that is known.
    """

    x: Array
    labels: np.ndarray | None = None
    excess: Array | None = None
    windows: Windows | None = None
    ids: Ids | None = None
    factors: Factors | None = None

    def __len__(self) -> int:
        return len(self.x)

    @property
    def data_shape(self) -> tuple[int, int, int]:
        """(height, width, channels)"""
        height, width, channels = self.x.shape[1:]
        return height, width, channels

    def needed_labels(self) -> np.ndarray:
        """The labels [N]. Raises BadRequest where there are none."""
        if self.labels is None:
            raise BadRequest("this needs labels, and the images have none")
        return self.labels

    def pixels(self) -> np.ndarray:
        """x as a new float32 array, uint8 divided by 255."""
        if self.x.dtype == np.uint8:
            return self.x[:] / np.float32(255)
        return self.x[:].astype(np.float32)

    def floats(self) -> np.ndarray:
        """As pixels; what is float32 in memory is not copied, and not to be written into."""
        is_float = isinstance(self.x, np.ndarray) and self.x.dtype == np.float32
        return np.asarray(self.x) if is_float else self.pixels()

    def as_floats(self) -> Array:
        """As floats; what stays in its file becomes so as it is read."""
        if not isinstance(self.x, Rows):
            return self.floats()
        return self.x.mapped(lambda x: Split(x).floats(), np.float32)

    @property
    def beside(self) -> dict[str, Any]:
        """excess, windows and ids, as arrays where they are there."""
        excess = None if self.excess is None else self.excess[:]
        ids = None if self.ids is None else np.asarray(self.ids)
        return {"excess": excess, "windows": self.windows, "ids": ids}

    def take(self, rows: np.ndarray) -> "Split":
        """The images at these positions, in this order."""

        def taken(held: Any) -> Any:
            return held[rows] if isinstance(held, np.ndarray) else held and held.take(rows)

        x, labels = taken(self.x), taken(self.labels)
        excess, ids = taken(self.excess), taken(self.ids)
        if ids is not None and isinstance(x, np.ndarray):
            ids = np.asarray(ids)
        windows = None if self.windows is None else self.windows.take(rows)
        factors = None if self.factors is None else self.factors.take(rows)
        return Split(x, labels, excess, windows, ids, factors)


@dataclasses.dataclass(frozen=True)
class Splits:
    """The three parts. `source` says where they were found; `label_names[i]` is label i's name.

    learnt: a Learnt, how they became what they are; notes: what the user must know of them. grid:
    draws images of any factors, as the model is given them; None where there are no factors.
    """

    train: Split
    val: Split
    test: Split
    source: str
    label_names: tuple[str, ...] | None = None
    learnt: Any = None
    notes: tuple[str, ...] = ()
    grid: FactorGrid | None = None

    @property
    def spec(self) -> DataSpec:
        """What one example is."""
        return DataSpec.of(self.data_shape) if self.learnt is None else self.learnt.spec

    @property
    def data_shape(self) -> tuple[int, int, int]:
        """(height, width, channels)"""
        return self.train.data_shape

    @property
    def label_count(self) -> int | None:
        """How many labels there are, 0 .. label_count - 1; None where a part has none.

        None, too, where they are not counted from 0, or are more than MOST_LABELS.
        """
        parts = (self.train, self.val, self.test)
        labels = [part.labels for part in parts if part.labels is not None]
        if len(labels) < len(parts):
            return None
        lowest = int(min(of_part.min() for of_part in labels))
        count = int(max(of_part.max() for of_part in labels)) + 1
        count = max(count, len(self.label_names or ()))
        return count if lowest >= 0 and count <= MOST_LABELS else None

    @property
    def unseen_labels(self) -> list[int]:
        """The labels of validation and test images that no training image has."""
        parts = (self.train, self.val, self.test)
        train, *others = (() if part.labels is None else np.unique(part.labels) for part in parts)
        return sorted({int(label) for part in others for label in part} - {int(n) for n in train})

    def labels_for(self, model) -> tuple[np.ndarray, np.ndarray] | None:
        """Of the training and of the validation images, for a model that asks for labels."""
        if model.label_count is None:
            return None
        return self.train.needed_labels(), self.val.needed_labels()

    @functools.cached_property
    def data_range(self) -> tuple[float, float]:
        """(smallest, largest) value of all three parts, in float units: uint8 255 is 1.0."""
        parts = {id(part): part for part in (self.train, self.val, self.test)}
        lows, highs = zip(*map(value_range, parts.values()), strict=True)
        return min(lows), max(highs)

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the training and validation images; of large ones, of a sample."""
        digest = hashlib.sha256()
        for part in (self.train, self.val):
            _digest(part.x, digest)
        return digest.hexdigest()

    @functools.cached_property
    def fingerprints(self) -> dict[str, str]:
        """{train, val, test: SHA-256 of its images and labels}; of large ones, of a sample."""
        found = {}
        for name in PARTS:
            part = getattr(self, name)
            digest = hashlib.sha256()
            _digest(part.x, digest)
            if part.labels is not None:
                digest.update(np.ascontiguousarray(part.labels, "<i8").data)
            found[name] = digest.hexdigest()
        return found


def _digest(x: Array, digest) -> None:
    digest.update(f"{x.dtype} {x.shape}".encode())
    fitting = max(1, FINGERPRINT_BYTES // (x.nbytes // len(x)))
    rows = np.linspace(0, len(x) - 1, min(len(x), fitting)).astype(int)
    step = len(rows) if isinstance(x, Rows) else max(1, PIECE // (x.nbytes // len(x)))
    for start in range(0, len(rows), step):
        digest.update(np.ascontiguousarray(x[rows[start : start + step]]).data)


def value_range(split: Split) -> tuple[float, float]:
    """(smallest, largest) value of a part, in float units; points that are missing have none."""
    unit = 255.0 if split.x.dtype == np.uint8 else 1.0
    blocks = in_blocks(split.x) if isinstance(split.x, Rows) else [split.x]
    ends = [(np.nanmin(block), np.nanmax(block)) for block in blocks]
    return float(min(low for low, _ in ends)) / unit, float(max(high for _, high in ends)) / unit
