"""Proofs of the squared projections of a Jacobian."""

from typing import Any

import numpy as np
import tensorflow as tf

from aecli.models.jacobian import is_exact, of_inputs, of_outputs, unit_vectors
from aecli.proofs.base import close, mean_of, proof, same

RNG = np.random.default_rng(0)
W = RNG.normal(size=(6, 4)).astype("float32")
X = RNG.normal(size=(5, 2, 3)).astype("float32")


def _function(x):
    """[B, 2, 3] -> [B, 4]"""
    return tf.tanh(tf.reshape(x, (-1, 6)) @ W)


def _jacobians() -> np.ndarray:
    """Of _function at each of X, by hand: [5, 4, 6]."""
    slopes = 1 - np.tanh(X.reshape(5, 6) @ W) ** 2
    return slopes[:, :, None] * W.T


@proof("|J^T v|^2 and |J v|^2 = those of the Jacobian by hand, direction by direction")
def projections():
    v, u = RNG.normal(size=(5, 3, 4)).astype("float32"), RNG.normal(size=(5, 2, 2, 3))
    known = np.einsum("bji,bnj->bni", _jacobians(), v)
    yield close(of_outputs(_function, X, v), (known**2).sum(2), rtol=1e-4, atol=1e-6)
    known = np.einsum("bji,bni->bnj", _jacobians(), u.reshape(5, 2, 6))
    yield close(
        of_inputs(_function, X, u.astype("float32")), (known**2).sum(2), rtol=1e-4, atol=1e-6
    )


@proof("sum over the unit vectors of |J^T v|^2, or of |J v|^2 = |J|_F^2")
def exact():
    known = (_jacobians() ** 2).sum((1, 2))
    found = of_outputs(_function, X, unit_vectors(X, (4,)))
    yield close(found, (_jacobians() ** 2).sum(2), rtol=1e-4, atol=1e-6)
    found = of_inputs(_function, X, unit_vectors(X, (2, 3)))
    yield close(tf.reduce_sum(found, 1), known, rtol=1e-4, atol=1e-6)
    yield close(found, (_jacobians() ** 2).sum(1), rtol=1e-4, atol=1e-6)


@proof("what is exact = exact, and auto in evaluation of few units; hutchinson never")
def which():
    known_of: dict[Any, list] = {"exact": [1, 1, 1], "auto": [0, 1, 0], "hutchinson": [0, 0, 0]}
    for estimate, known in known_of.items():
        cases = ((8, True), (8, False), (1000, False))
        yield same([is_exact(estimate, units, training) for units, training in cases], known)


@proof("mean of |J^T v|^2 over 4,000 draws v = |J|_F^2")
def hutchinson():
    v = RNG.normal(size=(5, 4000, 4)).astype("float32")
    yield mean_of(np.transpose(of_outputs(_function, X, v)), (_jacobians() ** 2).sum((1, 2)))
