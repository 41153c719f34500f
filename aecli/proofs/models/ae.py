"""Proofs of the plain autoencoder, and of one that is to take noise away."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from sklearn.decomposition import PCA

from aecli.losses.mse import MSE
from aecli.models.ae import AE
from aecli.models.batch import Batch
from aecli.networks.mlp import MLP
from aecli.noise.gaussian import Gaussian
from aecli.proofs.base import at_least, at_most, close, proof, same
from aecli.proofs.cases import images, made
from aecli.training.feed import Preparation
from aecli.training.step import train_step

LINEAR = {"network": MLP(widths=[], activation="linear"), "reconstruction_loss": MSE()}


def _trained(model, x, target, steps: int, rate: float):
    """The model after so many steps of Adam on all of x at once, its rate falling to 0."""
    schedule: Any = keras.optimizers.schedules.CosineDecay(rate, steps)
    optimizer = keras.optimizers.Adam(schedule)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer)
    batch = Batch(tf.constant(x), tf.constant(target))
    step = tf.function(lambda: train_step(model, {"model": optimizer}, batch), autograph=False)
    for _ in range(steps):
        step()
    return model


@proof("linear autoencoder reaches PCA's error within 1 %, not below it, and spans its space")
def pca():
    rng = np.random.default_rng(0)
    scales = np.array([3.0, 2.0, 1.5, 0.5, 0.3, 0.2, 0.1, 0.1])
    basis = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    flat = (rng.normal(size=(400, 8)) * scales) @ basis.T + 0.5
    x = flat.reshape(-1, 2, 4, 1).astype("float32")
    model = made(AE, data_shape=(2, 4, 1), latent_dim=3, **LINEAR)
    _trained(model, x, x, 1200, 3e-2)
    known: Any = PCA(3).fit(flat)
    best = np.square(flat - known.inverse_transform(known.transform(flat))).sum(1).mean()
    ours = np.square(flat - model.reconstruct(x).reshape(-1, 8)).sum(1).mean()
    yield at_least(ours, best, 1e-5 * best)
    yield at_most(ours, 1.01 * best)
    yield close(model.score(x)["loss"].mean(), ours, rtol=1e-5)
    decoder = model.decoder.get_weights()[0]  # [3, 8]
    cosines = np.linalg.svd(np.linalg.qr(decoder.T)[0].T @ known.components_.T)[1]
    yield at_least(cosines.min(), 0.999)


@proof("linear denoiser of N(0, S) = Wiener's shrinkage, S / (S + noise^2)")
def wiener():
    rng, stddev = np.random.default_rng(0), 0.5
    variances = np.array([4.0, 1.0, 0.25, 0.0625])
    x = (rng.normal(size=(4000, 4)) * np.sqrt(variances)).astype("float32").reshape(-1, 2, 2, 1)
    preparation = Preparation(noise=Gaussian(stddev=stddev, clip=False))
    pairs = [preparation.fresh(tf.constant(x), step) for step in map(tf.constant, range(3))]
    noisy, clean = (np.concatenate([np.asarray(pair[i]) for pair in pairs]) for i in (0, 1))
    yield same(clean[:4000], x)
    seen, target = Preparation(noise=Gaussian(stddev=0.0)).frozen(np.clip(x, 0, 1))
    yield same(seen, target)
    model = made(AE, data_shape=(2, 2, 1), latent_dim=4, **LINEAR)
    _trained(model, noisy, clean, 400, 5e-2)
    ends = (np.eye(4, dtype="float32").reshape(4, 2, 2, 1), np.zeros((1, 2, 2, 1), "float32"))
    ones, zero = (model.reconstruct(end) for end in ends)
    gains = np.diag((ones - zero).reshape(4, 4))
    yield close(gains, variances / (variances + stddev**2), atol=0.03)


@proof("code = the encoder's, its activation last; loss = the reconstruction alone")
def activation():
    plain, bent = made(AE, 0.3), made(AE, 0.3, code_activation="relu")
    x = images(9)
    yield close(bent.encode(x), np.maximum(plain.encode(x), 0), atol=1e-6)
    score = plain.score(x)
    yield same(score["loss"], score["reconstruction"])
    known = plain.reconstruction_loss(x, plain.decoder(plain.encoder(x)["z"]))
    yield close(score["loss"], np.asarray(known), rtol=1e-5)
