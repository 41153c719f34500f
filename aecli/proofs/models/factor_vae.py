"""Proofs of FactorVAE."""

import keras
import numpy as np
import tensorflow as tf

from aecli.models.factor_vae import FactorVAE
from aecli.models.vae import VAE
from aecli.proofs.base import at_least, close, proof, same
from aecli.proofs.cases import batch_of, images, loss_and_gradients, made

LITTLE = {"latent_dim": 2, "critic_widths": [8]}


@proof("loss = reconstruction + beta KL + gamma logit, of Kim & Mnih's algorithm 2 by hand")
def by_hand():
    model, x = made(FactorVAE, 0.3, beta=2.0, gamma=3.0, **LITTLE), images(7)
    batch = batch_of(model, x)
    out = model.forward(batch, training=True)
    loss, terms, _ = model.objective(batch, out, training=True)
    z, draws = np.asarray(out["z"]), batch.draws["permutation"]
    logit = np.asarray(model.critic(z))[:, 0]
    yield close(terms["tc"], logit, rtol=1e-5)
    known = terms["reconstruction"] + 2 * terms["kl"] + 3 * logit
    yield close(loss, np.asarray(known), rtol=1e-5)
    order = np.argsort(draws[3:], axis=0)  # 3 as they are, 4 permuted, each unit on its own
    permuted = np.take_along_axis(z[3:], order, axis=0)
    seen = np.asarray(model.critic(np.concatenate([z[:3], permuted])))[:, 0]
    cross = np.r_[np.logaddexp(0, -seen[:3]), np.logaddexp(0, seen[3:])]
    critic, _, _ = model.objective(batch, out, "critic", training=True)
    yield close(critic, cross, rtol=1e-5, atol=1e-6)
    yield at_least(np.abs(order[:, 0] - order[:, 1]).max(), 1)


@proof("gamma 0 = the VAE, loss and gradient")
def no_weight():
    model, vae, x = made(FactorVAE, gamma=0.0, **LITTLE), made(VAE, latent_dim=2), images(9)
    batch = batch_of(model, x)
    (loss, gradients), (known, its) = (loss_and_gradients(m, batch) for m in (model, vae))
    yield close(loss, known, rtol=1e-6)
    for gradient, other in zip(gradients, its, strict=False):  # the critic's come after them
        yield close(gradient, other, rtol=1e-5, atol=1e-6)


@proof("critic of codes N(0, R) -> their total correlation, -1/2 log det R")
def total_correlation():
    """Cover & Thomas 2006, chapter 8; after 500 steps of Adam."""
    model = made(FactorVAE, latent_dim=2, critic_widths=[32, 32])
    half = np.linalg.cholesky([[1.0, 0.8], [0.8, 1.0]]).astype("float32")
    weights, optimizer = model.critic.trainable_variables, keras.optimizers.Adam(5e-3)
    optimizer.build(weights)

    @tf.function(autograph=False)
    def step(e, draws):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model.critic_loss(e @ half.T, draws))
        optimizer.apply(tape.gradient(loss, [w.value for w in weights]), weights)

    rng = np.random.default_rng(0)
    for e, draws in rng.standard_normal((500, 2, 1024, 2), dtype="float32"):
        step(e, draws)
    z = rng.standard_normal((20_000, 2), dtype="float32") @ half.T
    return close(np.mean(model.logit(z)), -0.5 * np.log(1 - 0.8**2), atol=0.06)


@proof("critic's cross-entropy is of codes without a gradient to the encoder")
def no_gradient():
    model, x = made(FactorVAE, 0.3, **LITTLE), images(7)
    batch = batch_of(model, x)
    with tf.GradientTape() as tape:
        out = model.forward(batch, training=True)
        loss = tf.reduce_mean(model.objective(batch, out, "critic", training=True)[0])
    gradients = tape.gradient(loss, [v.value for v in model.encoder.trainable_variables])
    return same(sum(g is not None for g in gradients), 0)
