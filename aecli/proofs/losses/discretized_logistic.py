"""Proofs of the discretized logistic."""

import numpy as np
import tensorflow as tf

from aecli.losses.discretized_logistic import DiscretizedLogistic
from aecli.proofs.base import at_least, close, mean_of, proof, same
from aecli.proofs.levels import all_levels, of_scipy, repeated

EXTREMES = [-1e4, -30.0, -1.0, 0.0, 0.3, 1.0, 30.0, 1e4]


@proof("log p of each level = the difference of SciPy's distribution function")
def formula():
    for levels in (2, 17, 256):
        for location in (-0.2, 0.0, 0.31, 1.0, 1.5):
            for scale in (0.02, 0.1, 1.0, 5.0):
                params = repeated([2 * location - 1, np.log(2 * scale)], levels)
                found = DiscretizedLogistic(levels=levels).log_prob(all_levels(levels), params)
                known = of_scipy(location, scale + 1 / (8.6 * (levels - 1)), levels)
                yield close(found, known, atol=2e-4, rtol=2e-4)


@proof("extreme locations and scales: probabilities and gradients stay finite, their sum is 1")
def extreme():
    loss = DiscretizedLogistic()
    for location in EXTREMES:
        for log_scale in EXTREMES:
            params = tf.constant(repeated([location, log_scale]))
            with tf.GradientTape() as tape:
                tape.watch(params)
                log_prob = loss.log_prob(all_levels(), params)
            found = (log_prob, tape.gradient(log_prob, params), loss.sample(params, 0))
            yield same([np.isfinite(np.asarray(values)).all() for values in found], 1)
            p = np.exp(np.asarray(log_prob, "float64"))
            yield close(p.sum(), 1, atol=4e-4)
            known = p @ np.arange(256) / 255  # of what is cut: half a level off at most
            yield close(loss.mean(params[:1]), known, atol=0.5 / 255 + 3e-4)


@proof("widest scale: e^5 in the sources' units, however large the log-scale")
def widest():
    found = DiscretizedLogistic().log_prob(all_levels(), repeated([0.0, 9.0]))
    return close(found, of_scipy(0.5, 0.5 * np.exp(5.0) + 1 / (8.6 * 255)), rtol=2e-4)


@proof("what lies between two levels = the nearer")
def between():
    x = np.array([100.4, 100.0, 99.6], "float32").reshape(-1, 1, 1, 1) / 255
    found = np.asarray(DiscretizedLogistic().log_prob(x, repeated([0.1, -2.0], 3)))
    return same(found, found[1])


@proof("draws are levels, each as often as it is probable")
def draws():
    loss = DiscretizedLogistic(levels=9)
    for params in ([-0.4, -1.0], [0.9, -0.5]):
        drawn = np.ravel(loss.sample(repeated(params, 20_000), 3)).astype("float64") * 8
        yield close(drawn, np.round(drawn), atol=1e-5)
        shares = np.exp(np.asarray(loss.log_prob(all_levels(9), repeated(params, 9))))
        yield mean_of(np.round(drawn)[:, None] == np.arange(9), shares)


@proof("mean = that of the logistic cut to [0, 1]: its survival function's integral")
def cut():
    t = np.linspace(0, 1, 200_001)
    for location, log_scale in ((-0.5, -1.0), (0.3, 0.5), (1.6, -0.5)):
        centre, scale = 0.5 + 0.5 * location, 1 / (8.6 * 255) + 0.5 * np.exp(log_scale)
        survival = 1 / (1 + np.exp((t - centre) / scale))
        found = DiscretizedLogistic().mean(repeated([location, log_scale], 1))
        yield close(found, np.trapezoid(survival, t), atol=1e-5)
    yield at_least(1, float(np.max(DiscretizedLogistic().mean(repeated([9.0, -3.0], 1)))), 1e-6)
