"""Proofs of the lattice."""

import itertools

import numpy as np

from aecli.latents.lattice import Lattice
from aecli.proofs.base import proof, same

LEVELS = ([8, 5, 3], [4], [2, 2, 2], [2, 3, 2])


def _values(count: int) -> np.ndarray:
    """By hand: of 8 from -1 to 0.75, of 5 from -1 to 1, of 2 the signs."""
    if count == 2:
        return np.array([-1.0, 1.0])
    return np.arange(-(count // 2), count - count // 2) / (count // 2)


@proof("numbers of all vectors: there and back; the table = the product of the units' values")
def round_trip():
    for levels in LEVELS:
        lattice = Lattice(levels)
        indices = np.arange(np.prod(levels), dtype="int32")
        e = lattice.look_up(indices)
        # the first unit is the lowest digit: the last of a product that runs fastest
        known = list(itertools.product(*(_values(count) for count in levels[::-1])))
        yield same(e, np.array(known)[:, ::-1].astype("float32"))
        yield same(lattice(e)[1], indices)
        yield same(lattice(e)[0], e)
        yield same(lattice.table(), np.asarray(e)[None])
        yield same(lattice.size, len(known))


@proof("nearest vector = that of brute force, also far outside")
def nearest():
    for levels in LEVELS:
        lattice = Lattice(levels)
        z = np.random.default_rng(0).normal(size=(50, 2, len(levels))).astype("float32")
        z[:5] *= 100
        e, indices = lattice(z)
        vectors = np.asarray(lattice.table())[0]
        known = np.square(z[..., None, :] - vectors).sum(-1).argmin(-1)
        yield same(indices, known)
        yield same(e, vectors[known])
