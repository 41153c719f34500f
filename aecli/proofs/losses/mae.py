"""Proofs of the absolute error."""

import numpy as np
from scipy import stats

from aecli.losses.mae import MAE
from aecli.proofs.base import close, proof

X, PARAMS = np.random.default_rng(0).normal(size=(2, 5, 4, 3, 1)).astype("float32")


@proof("loss = sum of the absolute differences; log p(x) = SciPy's Laplace of scale 1")
def formula():
    yield close(MAE()(X, PARAMS), np.abs(X - PARAMS).sum((1, 2, 3)), rtol=1e-5)
    known = stats.laplace.logpdf(X, PARAMS).sum((1, 2, 3))
    yield close(MAE().log_prob(X, PARAMS), known, rtol=1e-5)


@proof("mean = the decoder's output, activated as asked for")
def activated():
    bent = np.where(PARAMS < 0, 0.2 * PARAMS, PARAMS)
    yield close(MAE(activation="leaky_relu", negative_slope=0.2).mean(PARAMS), bent, rtol=1e-5)
