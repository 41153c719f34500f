"""Proofs of the squared error."""

import numpy as np
from scipy import stats

from aecli.losses.mse import MSE
from aecli.proofs.base import close, proof

X, PARAMS = np.random.default_rng(0).normal(size=(2, 5, 4, 3, 1)).astype("float32")


@proof("loss = sum of the squared differences; log p(x) = SciPy's Gaussian of variance 1/2")
def formula():
    yield close(MSE()(X, PARAMS), np.square(X - PARAMS).sum((1, 2, 3)), rtol=1e-5)
    known = stats.norm.logpdf(X, PARAMS, np.sqrt(0.5)).sum((1, 2, 3))
    yield close(MSE().log_prob(X, PARAMS), known, rtol=1e-5)


@proof("mean = the decoder's output, activated as asked for")
def activated():
    bent = np.where(PARAMS < 0, 0.2 * PARAMS, PARAMS)
    yield close(MSE(activation="leaky_relu", negative_slope=0.2).mean(PARAMS), bent, rtol=1e-5)
    sigmoid = MSE(activation="sigmoid")
    known = np.square(X - 1 / (1 + np.exp(-PARAMS))).sum((1, 2, 3))
    yield close(sigmoid(X, PARAMS), known, rtol=1e-5)
