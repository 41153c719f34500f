"""A generated dictionary: sums of a few of known directions, which a model may find again."""

import dataclasses
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from aecli.datasets import table
from aecli.datasets.base import Dataset, Source, Split, TestSize
from aecli.errors import BadRequest

MAX_VALUES = 2**28  # of the directions, and of a block of coefficients: 1 GiB in float32
BLOCK = 4096  # examples that are made at a time


@dataclasses.dataclass(frozen=True, kw_only=True)
class Dictionary(Dataset):
    """Rows x = sum_j s_j a_j d_j + noise e, in float32.

    d_j: `directions` unit vectors of `size` numbers, uniform on the sphere; s_j is 1 with
    `probability`, else 0, each for itself; a_j is uniform on (0, scale); e standard normal. All of
    them come from `generator_seed` alone: more examples begin with the same ones. As in Sharkey,
    Braun and Millidge 2022, Taking features out of superposition with sparse autoencoders, but that
    their directions hang together.
    """

    licence: ClassVar[str] = "MIT, as aecli, which makes them"

    examples: Annotated[int, Field(ge=3, le=10_000_000, description="rows")] = 50_000
    size: Annotated[int, Field(ge=1, le=2**16, description="numbers a row")] = 64
    directions: Annotated[int, Field(ge=1, le=2**20)] = 128
    probability: Annotated[float, Field(gt=0, le=1, description="of a direction in a row")] = 0.03
    coefficient: Annotated[float, Field(gt=0, description="the largest one")] = 2.0
    noise: Annotated[float, Field(ge=0, description="standard deviation a number")] = 0.01
    generator_seed: Annotated[int, Field(ge=0, description="of directions and rows")] = 0
    test_size: TestSize = 0.1
    scale: Literal["none"] = "none"  # the directions are known in these units

    def read(self) -> Source:
        if max(self.examples, self.directions) * self.size > MAX_VALUES:
            raise BadRequest(
                f"dataset.examples={self.examples} and dataset.directions={self.directions} of "
                f"{self.size} numbers are too many: at most {MAX_VALUES:,} numbers may be made"
            )
        directions = self.true_directions()
        x = np.empty((self.examples, self.size), np.float32)
        for block, first in enumerate(range(0, self.examples, BLOCK)):
            made = self._block(block, directions)
            x[first : first + BLOCK] = made[: self.examples - first]
        return Source(
            Split(x[:, None, :, None]),
            None,
            f"generated: {self.directions} directions of {self.size} numbers, "
            f"{self.probability * self.directions:g} a row",
            columns=dict.fromkeys((f"x{i}" for i in range(self.size)), "number"),
            reader={"option": table.OPTION, "label_column": None, "id_column": None},
            kind="table",
        )

    def true_directions(self) -> np.ndarray:
        """Returns the d_j [directions, size] float32."""
        rng = np.random.default_rng([self.generator_seed, 0])
        found = rng.standard_normal((self.directions, self.size))
        return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)

    def _block(self, number: int, directions: np.ndarray) -> np.ndarray:
        """[BLOCK, size] examples, of a seed of their own."""
        rng = np.random.default_rng([self.generator_seed, 1, number])
        noise = self.noise * rng.standard_normal((BLOCK, self.size), np.float32)
        rows = max(1, 2**22 // self.directions)  # of coefficients at a time
        for first in range(0, BLOCK, rows):
            shape = min(rows, BLOCK - first), self.directions
            is_there = rng.random(shape, np.float32) < self.probability
            coefficients = self.coefficient * rng.random(shape, np.float32) * is_there
            noise[first : first + rows] += coefficients @ directions
        return noise
