"""Proofs of the DIP-VAE."""

from typing import Any

import numpy as np
import tensorflow as tf

from aecli.models.batch import Batch
from aecli.models.dip_vae import DIPVAE, batch_covariance, distances_from_identity
from aecli.models.memory import LEAST_RATE
from aecli.models.vae import VAE
from aecli.proofs.base import at_least, close, proof, same
from aecli.proofs.cases import small, terms_of, trains_as


def _model(of: Any = DIPVAE, **settings: Any) -> tuple:
    return small(of, **settings)


@proof("both terms of codes whose covariance is the identity = 0")
def identity():
    x = np.random.default_rng(0).normal(size=(50, 4))
    x -= x.mean(0)
    white = x @ np.linalg.inv(np.linalg.cholesky(x.T @ x / 50)).T + [5, 0, -2, 1]
    yield close(distances_from_identity(batch_covariance(tf.constant(white))), 0, atol=1e-12)


@proof("both terms of three codes of two units = by hand, C = [[6, 2], [2, 2/3]]")
def by_hand():
    covariance = batch_covariance(tf.constant([[1.0, 2.0], [4.0, 3.0], [7.0, 4.0]]))
    yield close(covariance, [[6, 2], [2, 2 / 3]], rtol=1e-6)
    off_diagonal, diagonal = distances_from_identity(covariance)
    yield close(off_diagonal, 2 * 2**2, rtol=1e-6)
    yield close(diagonal, 5**2 + (1 / 3) ** 2, rtol=1e-6)


@proof("terms of a batch in training = NumPy's, of the means (i) and of the codes (ii)")
def kinds():
    for kind, share in (("i", 0), ("ii", 1)):
        model, batch = _model(kind=kind)
        heads = model.encoder(batch.x)
        expected = np.cov(heads["mean"], rowvar=False, bias=True)
        expected = expected + share * np.diag(np.exp(heads["log_var"]).mean(0))
        terms = terms_of(model, batch)
        off = expected - np.diag(np.diag(expected))
        yield close(terms["off_diagonal"], np.full(20, (off**2).sum()), rtol=1e-4)
        yield close(terms["diagonal"], np.full(20, ((np.diag(expected) - 1) ** 2).sum()), rtol=1e-4)
        yield at_least(np.abs(np.exp(heads["log_var"]).mean(0)).min(), 0.1)  # what ii adds


@proof("loss = reconstruction + 2 KL + 3 off-diagonal + 5 diagonal")
def weights():
    model, batch = _model(beta=2.0, lambda_od=3.0, lambda_d=5.0)
    for training in (True, False):
        out = model.forward(batch, training=training)
        loss, terms, _ = model.objective(batch, out, training=training)
        expected = np.array([1, 2, 3, 5]) @ np.stack([term.numpy() for term in terms.values()])
        yield close(loss, expected, rtol=1e-5)


@proof("gradient of the weighted terms = differences of the loss, kinds i and ii")
def gradient():
    for kind in ("i", "ii"):
        model = _model(kind=kind)[0]
        rng = np.random.default_rng(1)
        heads = {k: rng.normal(size=(20, 3)) for k in ("mean", "log_var")}
        step = {k: rng.normal(size=(20, 3)) for k in heads}

        def term(size, model=model, heads=heads, step=step):
            moved = {k: tf.constant(heads[k] + size * step[k]) for k in heads}
            with tf.GradientTape() as tape:
                tape.watch(moved)
                off, diagonal = distances_from_identity(model.covariance(**moved))
                value = off + 10 * diagonal
            gradient = tape.gradient(
                value, moved, unconnected_gradients=tf.UnconnectedGradients.ZERO
            )
            return float(value), sum(np.sum(gradient[k] * step[k]) for k in step)

        slope = (term(1e-4)[0] - term(-1e-4)[0]) / 2e-4
        yield close(term(0.0)[1], slope, rtol=1e-5)


@proof("in evaluation terms = those of the running covariance, whatever the batch")
def evaluation():
    model, batch = _model()
    yield same(
        terms_of(model, batch, training=False)["diagonal"], np.zeros(20)
    )  # none is known yet
    other = batch._replace(x=2 * batch.x)
    means = [model.encoder(one.x)["mean"] for one in (batch, other)]
    for one in (batch, other):
        terms_of(model, one)
    running = np.mean([np.cov(mean, rowvar=False, bias=True) for mean in means], axis=0)
    yield close(model.running.value, running, rtol=1e-4, atol=1e-6)
    few = Batch(batch.x[:3], batch.x[:3], model.frozen_draws(3))
    diagonal = np.sum((np.diag(running) - 1) ** 2)
    yield close(terms_of(model, few, training=False)["diagonal"], np.full(3, diagonal), rtol=1e-4)
    yield close(model.running.value, running, rtol=1e-4, atol=1e-6)  # evaluation changes nothing
    model.running.steps.assign(1000.0)
    terms_of(model, batch)
    moved = np.cov(means[0], rowvar=False, bias=True) - running
    yield close(model.running.value, running + LEAST_RATE * moved, rtol=1e-4, atol=1e-6)


@proof("with both weights 0 loss and gradients = those of the VAE, to the bit")
def is_a_vae():
    return trains_as(_model(DIPVAE, lambda_od=0.0, lambda_d=0.0), _model(VAE))
