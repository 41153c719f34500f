"""Proofs of the Wasserstein autoencoder."""

from typing import Any

import numpy as np
from scipy import stats

from aecli.models.ae import AE
from aecli.models.wae import WAE
from aecli.proofs.base import close, mean_of, proof, same
from aecli.proofs.cases import small, trains_as


def _model(of: Any = WAE, **settings: Any) -> tuple:
    return small(of, **settings)


@proof("loss = reconstruction + 3 MMD, of point codes and of Gaussian ones")
def weight():
    for code in ("point", "gaussian"):
        model, batch = _model(code=code, weight=3.0)
        for training in (True, False):
            out = model.forward(batch, training=training)
            loss, terms, _ = model.objective(batch, out, training=training)
            known = terms["reconstruction"] + 3 * terms["mmd"]
            yield close(loss, known, rtol=1e-5)
            yield close(terms["mmd"], model.mmd(out["z"], out["prior"], training), rtol=1e-5)


@proof("with weight 0 loss and gradients = those of the autoencoder, to the bit")
def is_an_autoencoder():
    return trains_as(_model(WAE, weight=0.0), _model(AE))


@proof("Gaussian codes = mean + standard deviation times the draws, and their density SciPy's")
def gaussian_codes():
    model, batch = _model(code="gaussian")
    out, sd = model.forward(batch), np.exp(model.encoder(batch.x)["log_var"] / 2)
    yield close(out["z"], out["mean"] + sd * batch.draws["z"], rtol=1e-5, atol=1e-6)
    yield close(model.encode(batch.x), out["mean"], rtol=1e-5, atol=1e-6)
    z, log_q = model.draw(out, batch.draws["z"])
    yield close(log_q, stats.norm.logpdf(z, out["mean"], sd).sum(1), rtol=1e-4, atol=1e-5)


@proof("codes are drawn, and have a bound, where they are Gaussian; point codes are the encoder's")
def point_codes():
    for code in ("point", "gaussian"):
        model, _ = _model(code=code)
        is_drawn = code == "gaussian"
        yield same([model.has_random_codes, model.has_bound], [is_drawn, is_drawn])
    model, batch = _model()
    yield close(model.forward(batch)["z"], model.encoder(batch.x)["z"], rtol=1e-6)


@proof("the prior's draws, density and quantiles = the standard normal's")
def prior():
    model, _ = _model()
    z = np.asarray(model.sample_prior(4000, 0))
    yield mean_of(z, 0)
    yield mean_of(z**2, 1)
    yield close(model.log_prior(z[:9]), stats.norm.logpdf(z[:9]).sum(1), rtol=1e-5)
    yield close(model.prior_quantiles(np.array([0.1, 0.5])), stats.norm.ppf([0.1, 0.5]), atol=1e-9)
