"""Data sets made of known factors: each image is drawn from whole numbers that are kept."""

import dataclasses
import math
from typing import ClassVar

import numpy as np

from aecli.datasets.base import Dataset, Source, Split
from aecli.datasets.factors import FactorGrid, Factors
from aecli.datasets.splits import Array


@dataclasses.dataclass(frozen=True, kw_only=True)
class FactorDataset(Dataset):
    """Base of data sets that are a grid of factors: a subclass states the sizes and draws.

    factor_sizes: {name: number of values}; of the grid's positions the last factor varies fastest.
    value_names: {factor: a name for each value}, of those that have any. The first factor is the
    label.
    """

    factor_sizes: ClassVar[dict[str, int]]
    value_names: ClassVar[dict[str, tuple[str, ...]]] = {}

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
        part = Split(x, factors.values[:, 0], factors=factors)
        names = self.value_names.get(factors.names[0])
        return Source(part, None, origin, names, notes=notes, grid=self.grid())

    def drawn(self, values: np.ndarray) -> np.ndarray:
        """Returns the images uint8 [n, H, W, C] of factors [n, K], whether `read` has them or not.

        In the numbers of the source, of which `Source.in_own_unit` tells what they mean.
        """
        raise NotImplementedError
