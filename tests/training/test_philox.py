"""Random numbers in the graph: of their distribution, and the same with XLA and without."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from aecli import philox

DISTRIBUTIONS = {philox.uniform: stats.uniform, philox.normal: stats.norm}
SEED = tf.constant([7, 3])


@pytest.fixture(params=DISTRIBUTIONS, ids=lambda draw: draw.__name__)
def draw(request):
    return request.param


def test_of_their_distribution(draw):
    x = draw((100, 999), SEED).numpy()
    assert x.dtype == np.float32
    assert stats.kstest(x.ravel()[::10], DISTRIBUTIONS[draw].cdf).pvalue > 0.01
    for step in (1, 500):  # of neighbours, and of the two halves that share their radius
        pairs = np.abs(np.corrcoef(x[:, :-step].ravel(), x[:, step:].ravel())[0, 1])
        assert pairs < 0.012
    if draw is philox.uniform:
        assert 0 <= x.min() < x.max() < 1
    else:  # the tails: beyond 3, 270 of 99,900 on average
        assert np.abs(x).max() < 5.8
        assert 200 < (np.abs(x) > 3).sum() < 340
        far = x.ravel()
        half = far[: len(far) // 2] ** 2, far[(len(far) + 1) // 2 :] ** 2
        assert abs(np.corrcoef(*half)[0, 1]) < 0.015


@pytest.mark.parametrize("shape", [(1,), (3, 5), (64, 10)])
def test_xla_draws_the_same(draw, shape):
    plain, xla = (
        tf.function(lambda seed: draw(shape, seed), jit_compile=jit) for jit in (False, True)
    )
    for seed in ([0, 0], [1, 2], [2**31 - 1, -5]):
        seed = tf.constant(seed)  # a number of the program's own would be folded
        assert plain(seed).shape == shape
        np.testing.assert_allclose(plain(seed), xla(seed), rtol=0, atol=2e-6)


def test_seeds_and_streams_differ(draw):
    seeds = [SEED, tf.constant([8, 3]), tf.constant([7, 4])]
    seeds += [philox.fold_in(SEED, 0), philox.fold_in(SEED, 1)]
    x = np.array([draw((1000,), seed).numpy() for seed in seeds])
    correlations = np.corrcoef(x) - np.eye(len(x))
    assert np.abs(correlations).max() < 0.12
