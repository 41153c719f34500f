"""Represented: codes of examples that can be made of any values of their factors."""

import dataclasses
from collections.abc import Callable

import numpy as np

CERTAIN = 1e-6  # variance of the posterior of a code that is known


@dataclasses.dataclass(frozen=True)
class Represented:
    """What scores see of a model and its data: factors with names and sizes, and their codes.

    codes: values [n, K], 0 .. sizes[k] - 1 -> [n, D] numbers, the same ones for the same values.
    posterior: values -> (mean, log_var) [n, D] of q(z|x), where that is a diagonal Gaussian.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    codes: Callable[[np.ndarray], np.ndarray]
    posterior: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]] | None = None

    def drawn(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Values [n, K] at random: each factor uniform, independent of the others."""
        return rng.integers(0, self.sizes, (n, len(self.sizes)))

    def sample(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Codes float64 [n, D] of random values, and those values [n, K]."""
        values = self.drawn(n, rng)
        return self.codes(values).astype("float64"), values


def of_factors(names: tuple[str, ...], sizes: tuple[int, ...]) -> Represented:
    """The factors as their own codes, a unit each: what a score gives where nothing is mixed."""

    def posterior(values):
        return values.astype("float64"), np.full(values.shape, np.log(CERTAIN))

    return Represented(names, sizes, lambda values: values.astype("float64"), posterior)
