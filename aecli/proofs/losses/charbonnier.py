"""Proofs of Charbonnier's loss: of a hyperbolic distribution."""

import numpy as np
import tensorflow as tf
from scipy import integrate, stats

from aecli.losses.charbonnier import Charbonnier, quantiles
from aecli.losses.mae import MAE
from aecli.proofs.base import at_least, close, proof

X, PARAMS = np.random.default_rng(0).normal(size=(2, 5, 2, 3, 2)).astype("float32")


@proof("loss = the sum of NumPy's sqrt(error^2 + epsilon^2)")
def loss():
    known = np.hypot((X - PARAMS).astype("float64"), 0.3).sum((1, 2, 3))
    return close(Charbonnier(epsilon=0.3)(X, PARAMS), known, rtol=1e-5)


@proof("log p = SciPy's generalised hyperbolic, constants included; it integrates to 1")
def log_prob():
    for epsilon in (0.01, 0.3, 2.0):
        one = Charbonnier(epsilon=epsilon)
        known = stats.genhyperbolic.logpdf(X, 1.0, epsilon, 0.0, PARAMS, epsilon).sum((1, 2, 3))
        yield close(one.log_prob(X, PARAMS), known, rtol=1e-4)
        constant = float(one.log_prob(X[:1, :1, :1, :1], X[:1, :1, :1, :1])[0]) + epsilon
        mass = integrate.quad(lambda x, e=epsilon: np.exp(-np.hypot(x, e)), 0, 60, limit=200)[0]
        yield close(-constant, np.log(2 * mass), atol=1e-5)


@proof("with epsilon 1e-6 = the absolute error, its density the Laplace's")
def a_small_epsilon_is_mae():
    small = Charbonnier(epsilon=1e-6)
    yield close(small(X, PARAMS), MAE()(X, PARAMS), rtol=1e-5)
    yield close(small.log_prob(X, PARAMS), MAE().log_prob(X, PARAMS), rtol=1e-4)


@proof("samples = SciPy's generalised hyperbolic (Kolmogorov-Smirnov)")
def samples():
    drawn = Charbonnier(epsilon=0.5).sample(np.full((5000, 1, 1, 1), 0.3, "float32"), 1)
    known = stats.genhyperbolic(1.0, 0.5, 0.0, 0.3, 0.5)
    return at_least(stats.kstest(np.ravel(drawn), known.cdf).pvalue, 1e-3)


@proof("the table of equally probable values is symmetric about 0, and its spread SciPy's")
def table():
    values = quantiles(0.5)
    yield close(values, -values[::-1], atol=1e-9)
    known = stats.genhyperbolic(1.0, 0.5, 0.0, 0.0, 0.5).std()
    yield close(values.std(), known, rtol=1e-2)


@proof("gradient = error / sqrt(error^2 + epsilon^2), and 0 at equal images")
def gradient():
    error = np.array([-3.0, -0.2, 0.0, 1e-4, 2.0], "float32").reshape(-1, 1, 1, 1)
    params = tf.constant(error)
    with tf.GradientTape() as tape:
        tape.watch(params)
        total = tf.reduce_sum(Charbonnier(epsilon=0.1)(tf.zeros_like(params), params))
    return close(tape.gradient(total, params), error / np.hypot(error, 0.1), atol=1e-6)
