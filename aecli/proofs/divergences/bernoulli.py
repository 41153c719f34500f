"""Proofs of what is known of coins in closed form."""

import numpy as np
from scipy import stats

from aecli.divergences import bernoulli_kl
from aecli.proofs.base import close, proof


@proof("KL of two coins = SciPy's, 0 where they are alike")
def kl():
    rates = np.array([0.05, 0.3, 0.9])
    known = [stats.entropy([0.05, 0.95], [rate, 1 - rate]) for rate in rates]
    yield close(bernoulli_kl(0.05, rates), known, atol=1e-6)
    yield close(bernoulli_kl(0.3, np.array([0.3])), 0, atol=1e-7)


@proof("KL to a coin of one side alone = that to one of a millionth")
def kl_at_the_ends():
    known = [stats.entropy([0.05, 0.95], [r, 1 - r]) for r in (1e-6, 1 - 1e-6)]
    return close(bernoulli_kl(0.05, np.array([0.0, 1.0], "float32")), known, rtol=0.02)
