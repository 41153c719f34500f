"""Proofs of codebooks in a row."""

import itertools

import numpy as np

from aecli.latents.residual import Residual
from aecli.proofs.base import at_least, at_most, close, proof, same

Q, K, D = 3, 5, 4
rng = np.random.default_rng(0)


def _residual() -> tuple[Residual, np.ndarray]:
    layer = Residual(Q, K, D)
    for codebook in layer.each:
        codebook.vectors.assign(rng.normal(size=(K, D)))
    return layer, rng.normal(size=(40, 2, D)).astype("float32")


@proof("choices = those of brute force, one codebook after the other; the vector = their sum")
def brute_force():
    layer, z = _residual()
    e, indices = layer(z)
    left, total = z, 0.0
    for q, vectors in enumerate(np.asarray(layer.table())):
        known = np.square(left[..., None, :] - vectors).sum(-1).argmin(-1)
        yield same(np.asarray(indices)[..., q], known)
        left, total = left - vectors[known], total + vectors[known]
    yield close(e, total, atol=1e-6)
    yield same(layer.look_up(indices), e)
    yield same(np.shape(layer.table()), (Q, K, D))


@proof("where each codebook has a zero vector, the error does not rise with their number")
def non_increasing():
    layer, z = _residual()
    for codebook in layer.each:
        codebook.vectors.assign(np.where(np.arange(K)[:, None] > 0, codebook.vectors, 0.0))
    parts = layer.parts(layer(z)[1])
    errors = [np.square(z - sum(parts[:n])).sum(-1) for n in range(1, Q + 1)]
    for fewer, more in itertools.pairwise(errors):
        yield at_most((more - fewer).max(), 0.0, slack=1e-5)
    yield at_least((errors[0] - errors[-1]).mean(), 0.1)
