"""Proofs of the codebook."""

import numpy as np

from aecli.latents.codebook import Codebook
from aecli.proofs.base import at_least, close, proof, same

K, D = 7, 3
rng = np.random.default_rng(0)


def _normals(*shape) -> np.ndarray:
    return rng.standard_normal(shape).astype("float32")


def _codebook(vectors=None, learns: bool = False) -> Codebook:
    codebook = Codebook(K, D, learns=learns)
    codebook.vectors.assign(_normals(K, D) if vectors is None else vectors)
    return codebook


def _follow(codebook, z, decay=0.99, epsilon=1e-5, revival=0.0, draws=None) -> np.ndarray:
    indices = codebook.nearest(z)
    draws = _normals(*z.shape[:-1]) if draws is None else draws
    codebook.follow(*codebook.taken(z, indices), z, draws, decay, epsilon, revival)
    return np.asarray(indices)


@proof("nearest vector = that of brute force")
def nearest():
    codebook, z = _codebook(), _normals(20, 2, 5, D)
    e, indices = codebook(z)
    vectors = codebook.vectors.numpy()
    distances = np.square(z[..., None, :] - vectors).sum(-1)
    yield same(indices, distances.argmin(-1))
    yield same(e, vectors[distances.argmin(-1)])
    yield same(codebook.look_up(indices), e)
    yield same(codebook.table(), vectors[None])


@proof("a step without a past = a step of k-means")
def k_means():
    vectors = _normals(K, D)
    vectors[-1] = 1e3  # which nothing chooses: it stays
    codebook, z = _codebook(vectors), _normals(30, 4, D)
    indices = _follow(codebook, z, decay=0.0)
    for k in range(K):
        mine = z[indices == k]
        mean = mine.mean(axis=0) if len(mine) else vectors[k]
        yield close(codebook.vectors[k], mean, rtol=1e-4, atol=1e-5)


@proof("averages after three steps = van den Oord's appendix A.1 in NumPy")
def averages():
    codebook, decay, epsilon = _codebook(), 0.9, 0.5
    n, m = np.zeros(K), np.zeros((K, D))
    for _ in range(3):
        z = _normals(30, D)
        one_hot = np.eye(K)[_follow(codebook, z, decay, epsilon)]
        n = decay * n + (1 - decay) * one_hot.sum(0)
        m = decay * m + (1 - decay) * one_hot.T @ z
        smoothed = (n + epsilon) / (n.sum() + K * epsilon) * n.sum()
        used = n > 0
        yield at_least(used.sum(), 3)
        yield close(codebook.counts, n, rtol=1e-5)
        yield close(codebook.sums, m, rtol=1e-4, atol=1e-6)
        vectors = (m / smoothed[:, None])[used]
        yield close(codebook.vectors.numpy()[used], vectors, rtol=1e-4, atol=1e-6)


def _with_two_dead(learns: bool) -> tuple[Codebook, np.ndarray]:
    vectors = np.concatenate([_normals(K - 2, D), np.full((2, D), 1e3, "float32")])
    codebook = _codebook(vectors, learns)
    codebook.counts.assign(np.where(np.arange(K) < K - 2, 100.0 / K, 0.0))
    if not learns:
        codebook.sums.assign(codebook.counts.numpy()[:, None] * vectors)
    return codebook, vectors


@proof("dead vectors = the outputs that the draws put first, used in the next step")
def revival():
    for learns in (False, True):
        codebook, before = _with_two_dead(learns)
        z, draws = _normals(50, 2, D), _normals(50, 2)
        _follow(codebook, z, revival=0.1, draws=draws)
        first = z.reshape(-1, D)[np.argsort(draws.ravel())[:2]]
        yield close(codebook.vectors[-2:], first, rtol=1e-4)
        least = 0.1 * 100 / K  # of the fair share of 100 outputs
        yield close(codebook.counts[-2:], least, rtol=1e-6)
        yield at_least(codebook.counts[:-2].numpy().min(), 1.01 * least)
        if learns:
            yield same(codebook.vectors[:-2], before[:-2])
        yield at_least(np.isin([K - 2, K - 1], _follow(codebook, z)).sum(), 2)


@proof("a threshold of the fair share: of 3 outputs and 7 vectors, 3 stay alive")
def few_choose():
    codebook, z = _codebook(), _normals(3, D)
    for _ in range(29):
        _follow(codebook, z, decay=0.9, revival=0.1)
    indices = _follow(codebook, z, decay=0.9, revival=0.1)
    yield same(len(set(indices)), 3)
    yield close(codebook.vectors.numpy()[indices], z, rtol=1e-4)
