"""Proofs of the k-sparse autoencoder."""

from typing import Any

import numpy as np
import tensorflow as tf

from aecli.models.ae import AE
from aecli.models.k_sparse import KSparse
from aecli.models.sparse_codes import among_largest
from aecli.proofs.base import at_least, close, proof, same
from aecli.proofs.cases import small, trains_as


def _model(of: Any = KSparse, **settings: Any) -> tuple:
    return small(of, widths=[5], activation="tanh", latent_dim=8, **settings)


def _kept(z, k: int) -> np.ndarray:
    """z with all but the k largest of each row 0, by NumPy."""
    least = np.sort(z, axis=1)[:, -k, None]
    return np.where(z >= least, z, 0)


@proof("the k largest numbers of a row = by hand; of equal ones the first; of two zeros, too")
def places():
    x = np.array([[3.0, -9.0, 5.0, 3.0, 0.0], [0.0, -1.0, 0.0, -2.0, -0.5]], "float32")
    order = [[2, 0, 3, 4, 1], [0, 2, 4, 1, 3]]
    for k in range(1, 6):
        known = [[place in row[:k] for place in range(5)] for row in order]
        yield same(among_largest(x, k), known)


@proof("codes in training = the k largest of the encoder's, no more: not of the largest size")
def largest():
    model, batch = _model(k=3)
    z, linear = model.infer(batch, training=True)["z"], model.encoder(batch.x)["z"].numpy()
    yield close(z, _kept(linear, 3), rtol=1e-4)
    yield same(np.count_nonzero(z, axis=1), np.full(20, 3))
    by_size = np.take_along_axis(linear, np.argsort(-np.abs(linear), 1)[:, :3], 1)
    yield at_least(np.count_nonzero(by_size < 0), 1)  # so that the two differ


@proof("codes in evaluation = the alpha k largest, at most all of them")
def alpha():
    for times, count in ((1.0, 3), (2.0, 6), (1.2, 4), (9.0, 8)):
        model, batch = _model(k=3, alpha=times)
        linear = model.encoder(batch.x)["z"].numpy()
        yield close(model.encode(batch.x), _kept(linear, count), rtol=1e-4)
        yield close(model.infer(batch, training=True)["z"], _kept(linear, 3), rtol=1e-4)


@proof("k in an annealing = from all units to k, linearly, then k; in evaluation k")
def annealing():
    model, batch = _model(k=2, anneal_epochs=4.0)
    for progress, count in (
        (0.0, 8),
        (1.0, 6.5),
        (1.5, 5.75),
        (2.0, 5),
        (3.0, 3.5),
        (4.0, 2),
        (9.0, 2),
    ):
        found = model.kept(tf.constant(progress), training=True)
        yield close(found, count, atol=0.5)
        z = model.infer(batch._replace(progress=tf.constant(progress)), training=True)["z"]
        yield same(np.count_nonzero(z, axis=1), np.full(20, found))
        z = model.infer(batch._replace(progress=tf.constant(progress)))["z"]
        yield same(np.count_nonzero(z, axis=1), np.full(20, 2))
    yield same(model.kept(None, training=True), 2)


@proof("gradient of the units that are not kept = 0, of the others it is the code's")
def gradient():
    model, batch = _model(k=3)
    weights = np.random.default_rng(1).normal(size=(20, 8)).astype("float32")
    linear = model.encoder(batch.x)["z"]
    bias = model.encoder.trainable_variables[-1]
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(weights * model.infer(batch, training=True)["z"])
    known = np.where(_kept(linear.numpy(), 3) != 0, weights, 0).sum(0)
    return close(tape.gradient(value, bias.value), known, rtol=1e-4, atol=1e-6)


@proof("with k the whole width loss and gradients = those of the linear autoencoder, to the bit")
def is_an_autoencoder():
    return trains_as(_model(KSparse, k=8), _model(AE))
