"""Proofs of what every loss does: of a series with gaps, the points that are there count."""

import numpy as np
import tensorflow as tf

from aecli.losses.base import of_points
from aecli.losses.gaussian import Gaussian
from aecli.losses.mse import MSE
from aecli.proofs.base import close, proof, same

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 1, 6, 2)).astype("float32")
GAPS = np.array([[0, 0, 0, 0, 1, 1], [1, 0, 0, 1, 0, 0], [0] * 6, [1, 1, 1, 1, 1, 0]]) == 1


@proof("loss of a series with gaps = the sum over its points, point by point")
def points():
    x = X.copy()
    x[:, 0][GAPS] = np.nan
    for loss in (MSE(), Gaussian()):
        size = 2 * loss.params_per_channel
        params = RNG.normal(size=(4, 1, 6, size)).astype("float32")
        known = np.zeros(4)
        for i, j in zip(*np.nonzero(~GAPS), strict=True):
            at = (slice(i, i + 1), slice(None), slice(j, j + 1))
            known[i] += np.asarray(loss(X[at], params[at]))[0]
        yield close(of_points(loss, x, params), known, rtol=1e-5, atol=1e-6)
        known = np.asarray(loss.log_prob(X[2:3], params[2:3]))
        yield close(of_points(loss.log_prob, x, params)[2:3], known, rtol=1e-5)


@proof("a point of which one channel is missing does not count; no gradient is no number")
def partly():
    x, params = X.copy(), tf.constant(RNG.normal(size=X.shape).astype("float32"))
    x[0, 0, 3, 1] = np.nan
    with tf.GradientTape() as tape:
        tape.watch(params)
        found = of_points(MSE(), x, params)
    gradient = np.asarray(tape.gradient(found, params))
    known = 2 * (np.asarray(params) - X)
    known[0, 0, 3] = 0
    yield close(gradient, known, rtol=1e-5, atol=1e-6)
    squares = np.square(X - params)
    squares[0, 0, 3] = 0
    yield close(found, squares.sum((1, 2, 3)), rtol=1e-5)
    yield same(np.isfinite(gradient).all(), 1)
