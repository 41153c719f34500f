"""Proofs of Student's t likelihood."""

import numpy as np
import tensorflow as tf
from scipy import stats

from aecli.losses.gaussian import Gaussian
from aecli.losses.student_t import StudentT
from aecli.proofs.base import at_least, close, proof

SHAPE = (5, 2, 3, 2)


def _drawn(count: int) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    """x, `count` parameters a channel, and these as a decoder emits them."""
    x, *parts = np.random.default_rng(0).normal(size=(1 + count, *SHAPE)).astype("float32")
    return 2 * x, parts, np.concatenate(parts, axis=-1)


def _softplus(x):
    return np.logaddexp(0.0, np.asarray(x, "float64"))


@proof("log p = SciPy's, with scale and degrees stated or learned")
def log_prob():
    for scale in (None, 0.7):
        for n in (None, 3.5):
            loss = StudentT(scale=scale, degrees_of_freedom=n, min_scale=0.05)
            x, parts, params = _drawn(loss.params_per_channel)
            rest = parts[1:]
            s = 0.05 + _softplus(rest.pop(0)) if scale is None else scale
            degrees = 2 + _softplus(rest.pop(0)) if n is None else n
            known = stats.t.logpdf(x, degrees, parts[0], s).sum((1, 2, 3))
            yield close(loss.log_prob(x, params), known, rtol=1e-5)
            yield close(loss(x, params), -known, rtol=1e-5)
            yield close(loss.mean(params), parts[0])


@proof("with 1e4 degrees = the Gaussian of that scale")
def many_degrees_are_a_gaussian():
    x, _, params = _drawn(1)
    loss = StudentT(scale=0.8, degrees_of_freedom=1e4)
    return close(loss(x, params), Gaussian(stddev=0.8)(x, params), rtol=2e-3)


@proof("samples = SciPy's distribution (Kolmogorov-Smirnov), stated and learned")
def samples():
    params = np.tile(np.array([0.3, -0.5, 0.7], "float32"), (20_000, 1)).reshape(-1, 1, 1, 3)
    loss = StudentT(degrees_of_freedom=None)
    known = stats.t(2 + _softplus(0.7), 0.3, 0.01 + _softplus(-0.5))
    yield at_least(stats.kstest(np.ravel(loss.sample(params, 1)), known.cdf).pvalue, 1e-3)
    loss = StudentT(scale=0.5, degrees_of_freedom=4.0)
    drawn = np.ravel(loss.sample(params[..., :1], 1))
    yield at_least(stats.kstest(drawn, stats.t(4.0, 0.3, 0.5).cdf).pvalue, 1e-3)


@proof("gradients to all that is learned = central differences; finite where the error is 0 or 1e4")
def gradients():
    loss = StudentT(degrees_of_freedom=None)
    x, _, params = _drawn(3)

    def slope(x, params):
        value = tf.constant(params)
        with tf.GradientTape() as tape:
            tape.watch(value)
            total = tf.reduce_sum(loss(x, value))
        return np.asarray(tape.gradient(total, value))

    found, way = slope(x, params), np.random.default_rng(1).normal(size=params.shape)
    for part in range(3):
        one = np.zeros_like(params)
        one[..., 2 * part : 2 * part + 2] = way[..., 2 * part : 2 * part + 2]
        ends = [np.sum(loss(x, (params + e * one).astype("float32"))) for e in (1e-2, -1e-2)]
        yield close((found * one).sum(), (ends[0] - ends[1]) / 2e-2, rtol=5e-3, atol=1e-2)
    for far in (0.0, 1e4):
        params = np.zeros((1, 1, 1, 3), "float32")
        yield close(np.isfinite(slope(np.full((1, 1, 1, 1), far, "float32"), params)), 1)
