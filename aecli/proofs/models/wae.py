"""Proofs of the Wasserstein autoencoder."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from scipy import stats

from aecli.losses.mse import MSE
from aecli.models.ae import AE
from aecli.models.batch import Batch
from aecli.models.wae import WAE
from aecli.networks.mlp import MLP
from aecli.proofs.base import close, mean_of, proof, same


def _model(of: Any = WAE, **settings: Any) -> tuple:
    """A small model, and a batch of 20 examples of it."""
    keras.utils.set_random_seed(1)
    model = of(
        data_shape=(2, 3, 1), network=MLP(widths=[4]), reconstruction_loss=MSE(), latent_dim=3,
        **settings,
    )  # fmt: skip
    x = np.random.default_rng(0).normal(size=(20, 2, 3, 1)).astype("float32")
    return model, Batch(x, x, model.frozen_draws(20))


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
    found = []
    for of, settings in ((AE, {}), (WAE, {"weight": 0.0})):
        model, batch = _model(of, **settings)
        with tf.GradientTape() as tape:
            loss, _, _ = model.objective(batch, model.forward(batch, training=True), training=True)
            mean = tf.reduce_mean(loss)
        found.append([loss, *tape.gradient(mean, model.trainable_variables)])
    for ours, known in zip(*found, strict=True):
        yield same(ours, known)


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
