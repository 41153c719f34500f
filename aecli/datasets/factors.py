"""Factors: the whole numbers that images are drawn from, and the grid of all that can be drawn."""

import dataclasses
from collections.abc import Callable

import numpy as np

UNKNOWN = "needs data with known factors: dataset=dsprites, solids or glyphs"


@dataclasses.dataclass(frozen=True)
class Factors:
    """values: [N, K] int64, 0 .. sizes[k] - 1 of the factor names[k]; row i is that of image i."""

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    values: np.ndarray

    def take(self, rows: np.ndarray) -> "Factors":
        """Those of the images at these positions, in this order."""
        return dataclasses.replace(self, values=self.values[rows])


@dataclasses.dataclass(frozen=True)
class FactorGrid:
    """Every combination of the factors, whichever of them a data set has: sizes are the grid's.

    draw: values [n, K] int -> images [n, H, W, C], made anew at each call and not kept. Of Splits
    they are what the model is given, as Split.x; of a Source they are the source's numbers.
    value_names: {factor: a name for each of its values}, of those that have any.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    draw: Callable[[np.ndarray], np.ndarray]
    value_names: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)

    def mapped(self, change: Callable[[np.ndarray], np.ndarray]) -> "FactorGrid":
        """The same, of which all images go through `change` once they are drawn."""
        drawn = self.draw
        return dataclasses.replace(self, draw=lambda values: change(drawn(values)))
