"""Proofs of the continuous Bernoulli."""

import decimal
from decimal import Decimal

import keras
import numpy as np

from aecli.losses.continuous_bernoulli import ContinuousBernoulli, log_normaliser
from aecli.proofs.base import close, mean_of, proof, same

LOGITS = [-5.0, -0.101, -0.099, -0.03, 1e-3, 0.05, 0.0999, 0.1001, 1.0]


def _exact(logit: float) -> tuple[float, float]:
    """The normaliser and the mean, with 50 digits."""
    with decimal.localcontext(prec=50):
        power, exact = Decimal(logit).exp(), Decimal(logit)
        normaliser = (exact * (power + 1) / (power - 1)).ln()
        return float(normaliser), float(power / (power - 1) - 1 / exact)


@proof("normaliser and mean near 1/2 = those with 50 digits, but for their series' next term")
def series():
    """Loaiza-Ganem & Cunningham 2019, eq. 5 to 8."""
    for logit in LOGITS:
        known, near = _exact(logit), abs(logit) < 0.1
        logits = keras.ops.convert_to_tensor([logit], "float64")
        off = 1e-14 + near * 31 / 90720 * logit**6
        yield close(log_normaliser(logits), [known[0]], atol=off)
        off = 1e-14 + near * abs(logit) ** 5 / 30240
        yield close(ContinuousBernoulli().mean(logits), [known[1]], atol=off)


@proof("extreme logits stay finite: density, mean and draws")
def extreme():
    x = np.array([0.0, 1.0, 0.5], "float32").reshape(3, 1, 1, 1)
    for logit in (-300.0, -1e-4, 0.0, 1e-4, 300.0):
        params = np.full_like(x, logit)
        loss = ContinuousBernoulli()
        found = (loss(x, params), loss.mean(params), loss.sample(params, 0))
        yield same([np.isfinite(values).all() for values in found], 1)
        known = 1.0 if logit > 200 else 0.0 if logit < -200 else 0.5
        yield close(loss.mean(params), known, atol=4e-3)


@proof("draws have the mean of their logit, on both sides of 0 and near it")
def draws():
    for logit in (-3.0, -5e-4, 5e-4, 0.5, 3.0):
        params = np.full((20_000, 1, 1, 1), logit, "float32")
        drawn = np.asarray(ContinuousBernoulli().sample(params, 0)).ravel()
        yield mean_of(drawn, _exact(logit)[1])
