"""Proofs of log cosh: of the hyperbolic secant distribution."""

import numpy as np
import tensorflow as tf
from scipy import stats

from aecli.losses.log_cosh import LogCosh, log_cosh
from aecli.proofs.base import at_least, close, proof

X, PARAMS = np.random.default_rng(0).normal(size=(2, 5, 2, 3, 2)).astype("float32")
SCALE = 0.4


@proof("loss = the sum of NumPy's log cosh of the scaled error")
def loss():
    known = np.log(np.cosh((X - PARAMS).astype("float64") / SCALE)).sum((1, 2, 3))
    return close(LogCosh(scale=SCALE)(X, PARAMS), known, rtol=1e-5)


@proof("log p = SciPy's hyperbolic secant, constants included; its samples are of it")
def log_prob():
    known = stats.hypsecant.logpdf(X, PARAMS, SCALE).sum((1, 2, 3))
    yield close(LogCosh(scale=SCALE).log_prob(X, PARAMS), known, rtol=1e-5)
    drawn = LogCosh(scale=SCALE).sample(np.full((20_000, 1, 1, 1), 0.3, "float32"), 1)
    yield at_least(stats.kstest(np.ravel(drawn), stats.hypsecant(0.3, SCALE).cdf).pvalue, 1e-3)


@proof("half the square of what is small, the size less log 2 of what is large; no overflow")
def ends():
    yield close(log_cosh(tf.constant([1e-2, -2e-2])), [0.5e-4, 2e-4], atol=3e-7)
    yield close(log_cosh(tf.constant([200.0, -1e5])), [200 - np.log(2), 1e5], rtol=1e-6)


@proof("gradient = tanh, and 0 at equal images")
def gradient():
    x = tf.constant([-300.0, -0.7, 0.0, 0.2, 50.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(log_cosh(x))
    return close(tape.gradient(total, x), np.tanh(x.numpy()), atol=1e-6)
