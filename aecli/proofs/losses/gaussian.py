"""Proofs of the Gaussian likelihood."""

from typing import Any

import numpy as np
from scipy import stats

from aecli.losses.gaussian import Gaussian
from aecli.losses.mse import MSE
from aecli.proofs.base import close, mean_of, proof

X, PARAMS = np.random.default_rng(0).normal(size=(2, 5, 4, 3, 1)).astype("float32")


@proof("log p(x) of a fixed stddev = SciPy's, summed; of 1/2 variance, the squared error's")
def fixed():
    known = stats.norm.logpdf(X, PARAMS, 0.3).sum((1, 2, 3))
    yield close(Gaussian(stddev=0.3).log_prob(X, PARAMS), known, rtol=1e-5)
    half = np.asarray(Gaussian(stddev=float(np.sqrt(0.5)))(X, PARAMS))
    yield close(half, np.asarray(MSE()(X, PARAMS)) + 12 * 0.5 * np.log(np.pi), rtol=1e-5)


@proof("a learnt variance = the second head's, softly above its floor; log p(x) = SciPy's")
def learnt():
    loss, floor = Gaussian(min_stddev=0.2), 2 * np.log(0.2)
    second = np.linspace(-9, 3, 60).reshape(PARAMS.shape).astype("float32")
    params = np.concatenate([PARAMS, second], axis=-1)
    stddev = np.exp(0.5 * (floor + np.logaddexp(0, second - floor)))
    known = stats.norm.logpdf(X, PARAMS, stddev).sum((1, 2, 3))
    yield close(loss.log_prob(X, params), known, rtol=1e-4)
    yield close(loss.mean(params), PARAMS)
    drawn = np.asarray(loss.sample(np.repeat(params[:1], 4000, 0), 0))
    yield mean_of(((drawn - PARAMS[:1]) / stddev[:1]) ** 2, 1)


@proof("draws of a fixed stddev have it")
def draws():
    drawn = np.asarray(Gaussian(stddev=0.3).sample(np.repeat(PARAMS[:1], 4000, 0), 0))
    yield mean_of(drawn, PARAMS[0])
    yield mean_of(((drawn - PARAMS[:1]) / 0.3) ** 2, 1)


@proof("mean = the decoder's output, activated as asked for")
def activated():
    for learns in (True, False):
        for name, known in (
            ("linear", PARAMS), ("sigmoid", 1 / (1 + np.exp(-PARAMS))),
            ("leaky_relu", np.where(PARAMS < 0, 0.2 * PARAMS, PARAMS)),
        ):  # fmt: skip
            settings: Any = {"activation": name, "stddev": None if learns else 1.0}
            loss = Gaussian(negative_slope=0.2, **settings)
            params = np.concatenate([PARAMS, PARAMS], -1) if learns else PARAMS
            yield close(loss.mean(params), known, rtol=1e-5)
