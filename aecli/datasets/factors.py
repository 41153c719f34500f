"""Data sets made of known factors: each image is drawn from whole numbers that are kept."""

import dataclasses
import math
from typing import ClassVar

import numpy as np

from aecli.datasets.base import Dataset


@dataclasses.dataclass(frozen=True)
class Factors:
    """values: [N, K] int64, 0 .. sizes[k] - 1 of the factor names[k]."""

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    values: np.ndarray


@dataclasses.dataclass(frozen=True, kw_only=True)
class FactorDataset(Dataset):
    """Base of data sets that are a grid of factors: a subclass states the sizes and draws.

    factor_sizes: {name: number of values}; of the grid's positions the last factor varies fastest.
    """

    factor_sizes: ClassVar[dict[str, int]]

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

    def drawn(self, values: np.ndarray) -> np.ndarray:
        """Returns the images uint8 [n, H, W, 1] of factors [n, K], whether `read` has them or not.

        In the numbers of the source, of which `Source.in_own_unit` tells what they mean.
        """
        raise NotImplementedError
