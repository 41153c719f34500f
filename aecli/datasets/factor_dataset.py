"""Data sets made of known factors: each image is drawn from whole numbers that are kept."""

import dataclasses
import math
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from aecli.datasets.base import Dataset, Source, Split, TestSize
from aecli.datasets.factors import FactorGrid, Factors
from aecli.datasets.rows import Rows
from aecli.datasets.splits import Array

Every = Annotated[
    int, Field(ge=1, le=10_000, description="1: all; prime to 2, 3 and 5, to keep all values")
]


@dataclasses.dataclass(frozen=True, kw_only=True)
class FactorDataset(Dataset):
    """Base of data sets that are a grid of factors: a subclass states the sizes and draws.

    factor_sizes: {name: number of values}; of the grid's positions the last factor varies fastest.
    value_names: {factor: a name for each value}, of those that have any. label_factor: which one is
    the label, None for the first.
    """

    licence: ClassVar[str] = "MIT, as aecli, which makes them"
    factor_sizes: ClassVar[dict[str, int]]
    value_names: ClassVar[dict[str, tuple[str, ...]]] = {}
    label_factor: ClassVar[str | None] = None

    def positions(self) -> np.ndarray:
        """Returns the places [N] in the whole grid of the images that `read` gives, in order."""
        return np.arange(math.prod(self.factor_sizes.values()))

    def factors(self) -> Factors:
        """Returns the factors of the images that `read` gives: row i is those of image i."""
        return self.factors_at(self.positions())

    def factors_at(self, positions: np.ndarray) -> Factors:
        """Returns the factors of places [n] in the whole grid."""
        sizes = tuple(self.factor_sizes.values())
        values = np.stack(np.unravel_index(positions, sizes), axis=1).astype(np.int64)
        return Factors(tuple(self.factor_sizes), sizes, values)

    def grid(self) -> FactorGrid:
        """Returns the whole grid, drawn in the numbers of the source."""
        sizes = tuple(self.factor_sizes.values())
        return FactorGrid(tuple(self.factor_sizes), sizes, self.drawn, self.value_names)

    def source(
        self, x: Array, factors: Factors, origin: str, notes: tuple[str, ...] = ()
    ) -> Source:
        """Returns what `read` gives, of images [N, H, W, C] and their factors."""
        label = self.label_factor or factors.names[0]
        part = Split(x, factors.values[:, factors.names.index(label)], factors=factors)
        names = self.value_names.get(label)
        return Source(part, None, origin, names, notes=notes, grid=self.grid())

    def drawn(self, values: np.ndarray) -> np.ndarray:
        """Returns the images uint8 [n, H, W, C] of factors [n, K], whether `read` has them or not.

        In the numbers of the source, of which `Source.in_own_unit` tells what they mean.
        """
        raise NotImplementedError


@dataclasses.dataclass(frozen=True, kw_only=True)
class DrawnOnDemand(FactorDataset):
    """Base of those of which every `every`-th image is there, and drawn when it is asked for.

    image_shape: (H, W, C); about: where the images come from, for messages.
    """

    image_shape: ClassVar[tuple[int, int, int]]
    about: ClassVar[str]
    every: Every = 1
    test_size: TestSize = 0.2

    def positions(self) -> np.ndarray:
        return super().positions()[:: self.every]

    def read(self) -> Source:
        factors = self.factors()
        left = [len(np.unique(column)) for column in factors.values.T]
        kept = zip(factors.names, factors.sizes, left, strict=True)
        fewer = [f"{n} of {size} {name}" for name, size, n in kept if n < size]
        notes = (f"dataset.every={self.every} leaves {', '.join(fewer)}",) if fewer else ()
        total, count = math.prod(factors.sizes), len(factors.values)
        origin = f"{self.about}: {count:,} of {total:,} images"
        if self.every == 1:
            origin = f"{self.about}: {total:,} images"

        def drawn(rows: np.ndarray) -> np.ndarray:
            return self.drawn(factors.values[rows])

        x = Rows(drawn, (count, *self.image_shape), np.uint8, name=origin)
        return self.source(x, factors, origin, notes)
