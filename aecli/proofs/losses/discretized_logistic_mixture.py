"""Proofs of the mixture of discretized logistics."""

import numpy as np

from aecli.losses.discretized_logistic import DiscretizedLogistic
from aecli.losses.discretized_logistic_mixture import DiscretizedLogisticMixture
from aecli.proofs.base import close, mean_of, proof
from aecli.proofs.levels import all_levels, of_scipy, repeated


@proof("a mixture of one = the logistic itself: log p and mean")
def of_one():
    rng = np.random.default_rng(0)
    x = rng.random((4, 3, 2, 3), dtype="float32")
    params = rng.normal(size=(4, 3, 2, 6)).astype("float32")
    one, plain = DiscretizedLogisticMixture(components=1), DiscretizedLogistic()
    weighted = np.concatenate([params, rng.normal(size=x.shape).astype("float32")], -1)
    yield close(one.log_prob(x, weighted), np.asarray(plain.log_prob(x, params)), rtol=1e-5)
    yield close(one.mean(weighted), np.asarray(plain.mean(params)), rtol=1e-5, atol=1e-6)


def _channels():
    """Two channels of three components: parameters, and each channel's density of the levels."""
    rng = np.random.default_rng(1)
    locations, scales = rng.uniform(0, 1, (2, 3)), rng.uniform(0.05, 0.3, (2, 3))
    logits = rng.normal(size=(2, 3))
    weights = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    log_scales = np.log(2 * (scales - 1 / (8.6 * 255)))
    params = np.concatenate([a.ravel() for a in (2 * locations - 1, log_scales, logits)])
    densities = [
        np.exp([of_scipy(*pair) for pair in zip(locations[c], scales[c], strict=True)]).T
        @ weights[c]
        for c in range(2)
    ]
    return params, densities


@proof("log p and mean = the components' by SciPy, weighted, channel by channel")
def weighted():
    """The layout is the locations, log-scales, logits of each channel."""
    params, densities = _channels()
    loss = DiscretizedLogisticMixture(components=3)
    ks = np.random.default_rng(2).integers(0, 256, (50, 2))
    x = (ks / 255).astype("float32").reshape(50, 1, 1, 2)
    known = sum(np.log(densities[c][ks[:, c]]) for c in range(2))
    yield close(loss.log_prob(x, repeated(params, 50)), known, rtol=1e-3)
    means = [density @ np.arange(256) / 255 for density in densities]
    yield close(np.ravel(loss.mean(repeated(params, 1))), means, atol=1e-3)


@proof("draws are levels, each as often as it is probable")
def draws():
    loss = DiscretizedLogisticMixture(components=2, levels=9)
    params = [-0.9, 0.7, -2.0, -1.5, 0.0, 0.9]
    drawn = np.ravel(loss.sample(repeated(params, 20_000), 3)).astype("float64") * 8
    yield close(drawn, np.round(drawn), atol=1e-5)
    shares = np.exp(np.asarray(loss.log_prob(all_levels(9), repeated(params, 9))))
    yield mean_of(np.round(drawn)[:, None] == np.arange(9), shares)
