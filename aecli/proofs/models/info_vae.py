"""Proofs of the InfoVAE."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aecli.divergences import gaussian_kl
from aecli.losses.mse import MSE
from aecli.models.batch import Batch
from aecli.models.info_vae import InfoVAE
from aecli.models.vae import VAE
from aecli.networks.mlp import MLP
from aecli.proofs.base import close, proof, same


def _model(of: Any = InfoVAE, **settings: Any) -> tuple:
    """A small model, and a batch of 20 examples of it."""
    keras.utils.set_random_seed(1)
    model = of(
        data_shape=(2, 3, 1), network=MLP(widths=[4]), reconstruction_loss=MSE(), latent_dim=3,
        **settings,
    )  # fmt: skip
    x = np.random.default_rng(0).normal(size=(20, 2, 3, 1)).astype("float32")
    return model, Batch(x, x, model.frozen_draws(20))


@proof("loss = reconstruction + 2 (1 - 0.3) KL + (0.3 + 5 - 1) MMD, in a warm-up half the KL")
def weights():
    model, batch = _model(alpha=0.3, lam=5.0, beta=2.0, warmup_epochs=4)
    for training, progress, share in ((True, None, 1), (False, None, 1), (True, 2.0, 0.5)):
        batch = batch._replace(progress=progress)
        out = model.forward(batch, training=training)
        loss, terms, _ = model.objective(batch, out, training=training)
        known = terms["reconstruction"] + share * 1.4 * terms["kl"] + 4.3 * terms["mmd"]
        yield close(loss, known, rtol=1e-5)
        yield close(terms["kl"], gaussian_kl(out["mean"], out["log_var"]), rtol=1e-5)
        yield close(terms["mmd"], model.mmd(out["z"], out["prior"], training), rtol=1e-5)


@proof("with alpha 0 and lam 1 loss and gradients = those of the VAE, to the bit")
def is_a_vae():
    found = []
    for of, settings in ((VAE, {}), (InfoVAE, {"alpha": 0.0, "lam": 1.0})):
        model, batch = _model(of, **settings)
        with tf.GradientTape() as tape:
            loss, _, _ = model.objective(batch, model.forward(batch, training=True), training=True)
            mean = tf.reduce_mean(loss)
        found.append([loss, *tape.gradient(mean, model.trainable_variables)])
    for ours, known in zip(*found, strict=True):
        yield same(ours, known)
