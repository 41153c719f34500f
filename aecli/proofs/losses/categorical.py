"""Proofs of the categorical likelihood of tokens."""

import numpy as np
from scipy.special import log_softmax

from aecli.losses.categorical import Categorical
from aecli.proofs.base import close, mean_of, proof, same

RNG = np.random.default_rng(0)
K = 4
X = RNG.integers(0, K, (5, 1, 6, 2)).astype("float32")
PARAMS = RNG.normal(size=(5, 1, 6, 2 * K)).astype("float32")
BY_TOKEN = PARAMS.reshape(5, 1, 6, 2, K)


@proof("log p = the sum of the log-softmax of the tokens that are there; mean = the likeliest")
def formula():
    loss = Categorical(token_count=K)
    logs = log_softmax(BY_TOKEN, axis=-1)
    known = np.take_along_axis(logs, X[..., None].astype(int), -1)[..., 0].sum((1, 2, 3))
    yield close(loss.log_prob(X, PARAMS), known, rtol=1e-5)
    yield same(loss.mean(PARAMS), BY_TOKEN.argmax(-1))


@proof("draws = each token as often as it is likely, place by place")
def draws():
    loss = Categorical(token_count=K)
    drawn = np.asarray(loss.sample(np.repeat(PARAMS[:1], 4000, 0), 0))
    shares = np.exp(log_softmax(BY_TOKEN[0], axis=-1))
    return mean_of(drawn[..., None] == np.arange(K), shares)
