"""Proofs of binary cross-entropy."""

import keras
import numpy as np
from scipy import stats
from scipy.special import expit

from aecli.losses.binary_crossentropy import BinaryCrossentropy, cross_entropy
from aecli.proofs.base import close, proof, same

RNG = np.random.default_rng(0)
X = RNG.random((5, 4, 3, 1), dtype="float32")
PARAMS = RNG.normal(size=X.shape).astype("float32")


@proof("loss = Keras's of grey values, summed; -log p(x) = SciPy's Bernoulli of black and white")
def formula():
    loss = BinaryCrossentropy()
    theirs = np.asarray(keras.losses.binary_crossentropy(X, PARAMS, from_logits=True))
    yield close(loss(X, PARAMS), theirs.sum((1, 2)), rtol=1e-5)
    coins = np.round(X)
    known = stats.bernoulli.logpmf(coins, expit(PARAMS.astype("float64"))).sum((1, 2, 3))
    yield close(loss.log_prob(coins, PARAMS), known, rtol=1e-5)
    yield close(loss.mean(PARAMS), expit(PARAMS), rtol=1e-5)


@proof("extreme logits: cross-entropy = max(l, 0) - l x, without an overflow")
def extreme():
    logits = np.array([-300.0, -50.0, 50.0, 300.0], "float32")
    for x in (0.0, 0.3, 1.0):
        known = np.maximum(logits, 0) - logits * x
        yield close(cross_entropy(np.full(4, x, "float32"), logits), known, rtol=1e-6, atol=1e-6)


@proof("draws are 0 or 1")
def draws():
    drawn = np.unique(np.asarray(BinaryCrossentropy().sample(np.repeat(PARAMS, 9, 0), 0)))
    return same(drawn, [0, 1])
