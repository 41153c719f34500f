"""Proofs of the VQ-VAE."""

from typing import Any

import numpy as np
import tensorflow as tf
from scipy.stats import entropy

from aecli.losses.mse import MSE
from aecli.models.batch import Batch
from aecli.models.vq_vae import VQVAE
from aecli.networks.conv import Conv
from aecli.networks.mlp import MLP
from aecli.proofs.base import at_least, close, proof, same


def _model(**settings: Any) -> tuple[VQVAE, Batch]:
    """A small model of 2x3 cells, and a batch of 20."""
    model = VQVAE(
        data_shape=(4, 6, 1), network=Conv(filters=[4]), reconstruction_loss=MSE(), latent_dim=3,
        **{"codebook_size": 16, **settings},
    )  # fmt: skip
    x = np.random.default_rng(0).normal(size=(20, 4, 6, 1)).astype("float32")
    model.codebook.vectors.assign(0.5 * np.random.default_rng(1).normal(size=(16, 3)))
    return model, Batch(x, x, model.frozen_draws(20))


def _reached(gradients) -> int:
    return len([g for g in gradients if g is not None and np.any(g)])


@proof("gradients by side: commitment to the encoder, codebook term to the vectors (eq. 3)")
def gradients_by_side():
    for update in ("ema", "loss"):
        model, batch = _model(codebook_update=update, beta=0.7)
        vectors, before = model.codebook.vectors.value, model.codebook.vectors.numpy()
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(vectors)
            out = model.forward(batch, training=True)
            loss, terms, _ = model.objective(batch, out, training=True)
            sums = {name: tf.reduce_sum(term) for name, term in terms.items()}
            total = tf.reduce_sum(loss)
        z_e, chosen = out["z_e"].numpy(), out["indices"].numpy()
        e = before[chosen]
        squares = np.square(z_e - e).sum(axis=(1, 2, 3))
        yield close(terms["commitment"], squares, rtol=1e-5)
        charged = 0.7 * squares + (squares if update == "loss" else 0.0)
        yield close(loss, terms["reconstruction"] + charged, rtol=1e-5)
        yield close(tape.gradient(sums["commitment"], out["z_e"]), 2 * (z_e - e), atol=1e-5)
        decoder = [v.value for v in model.decoder.trainable_variables]
        yield same(_reached(tape.gradient(sums["commitment"], decoder)), 0)
        yield same(tape.gradient(sums["commitment"], vectors) is None, True)
        if update == "ema":
            yield same(tape.gradient(total, vectors) is None, True)
            continue
        yield same(tape.gradient(sums["codebook"], out["z_e"]) is None, True)
        one_hot = np.eye(16)[chosen.ravel()]
        pull = 2 * one_hot.T @ (e - z_e).reshape(-1, 3)
        yield close(tf.convert_to_tensor(tape.gradient(total, vectors)), pull, atol=1e-4)


@proof("straight through: what reaches z reaches z_e, and z is the vector to the bit")
def straight_through():
    model, batch = _model()
    with tf.GradientTape() as tape:
        out = model.forward(batch, training=True)
        value = tf.reduce_sum(model.misfit(batch.target, out["params"]))
    with tf.GradientTape() as inner:
        inner.watch(out["z"])
        again = tf.reduce_sum(model.misfit(batch.target, model.params(out["z"])))
    at_z = inner.gradient(again, out["z"])
    yield close(tape.gradient(value, out["z_e"]), at_z, rtol=1e-4, atol=1e-5)
    yield at_least(np.abs(at_z).max(), 1e-3)
    yield same(out["z"], model.codebook.vectors.numpy()[out["indices"].numpy()])
    yield same(model.infer(batch)["z"], out["z"])


@proof("a training step moves the codebook by the batch, decay, epsilon and threshold as set")
def step():
    model, batch = _model(decay=0.8, epsilon=0.5, revival=0.3)
    out = model.forward(batch, training=True)
    z, chosen = out["z_e"].numpy().reshape(-1, 3), out["indices"].numpy().ravel()
    one_hot = np.eye(16)[chosen]
    n, m = 0.2 * one_hot.sum(0), 0.2 * one_hot.T @ z
    least = 0.3 * len(z) / 16
    dead = n < least
    n[dead], m[dead] = least, least * z[np.argsort(batch.draws["revival"].ravel())[: dead.sum()]]
    yield at_least(dead.sum(), 1)
    yield at_least((~dead).sum(), 1)
    model.objective(batch, out)
    yield same(np.any(model.codebook.counts), False)  # evaluation leaves it alone
    model.objective(batch, out, training=True)
    yield close(model.codebook.counts, n, rtol=1e-5)
    expected = m * (n.sum() + 16 * 0.5) / ((n + 0.5) * n.sum())[:, None]
    yield close(model.codebook.vectors, expected, rtol=1e-3, atol=1e-5)


@proof("perplexity and codes used = of the counts of all batches, by SciPy")
def usage():
    model, batch = _model()
    counts = np.bincount(model.encode_indices(batch.x).ravel(), minlength=16)
    watched = {tracker.name: tracker for tracker in model.watched}
    for rows in (slice(0, 3), slice(3, 20)):
        part = Batch(batch.x[rows], batch.x[rows])
        found = model.objective(part, model.forward(part))[2]
        for name, tracker in watched.items():
            tracker.add(tracker.statistic(found[name]))
    yield close(watched["perplexity"].result(), np.exp(entropy(counts)), rtol=1e-5)
    yield same(watched["codes_used"].result(), (counts > 0).sum())
    for tracker in watched.values():
        tracker.reset_state()
        tracker.add(np.full((1, 16), 3.0))
        yield close(tracker.result(), 16, rtol=1e-6)


@proof("numbers of the vectors: there and back for each; any code is decoded as its nearest")
def numbers():
    model, _ = _model()
    indices = np.arange(96, dtype="int32").reshape(16, 2, 3) % 16
    codes = model.look_up(indices)
    yield same(model.codebook.nearest(codes), indices)
    yield same(model.nearest(codes + 1e-4), codes)
    yield same(model.decode_indices(indices), model.decode(codes))


@proof("a flat code is one choice an image: the nearest vector by brute force, and its number")
def flat():
    x = np.random.default_rng(0).normal(size=(20, 2, 3, 1)).astype("float32")
    model = VQVAE(
        data_shape=(2, 3, 1), network=MLP(widths=[4]), reconstruction_loss=MSE(), latent_dim=3,
        codebook_size=16, flat=True,
    )  # fmt: skip
    model.codebook.vectors.assign(0.5 * np.random.default_rng(1).normal(size=(16, 3)))
    vectors, z_e = model.codebook.vectors.numpy(), np.asarray(model.infer(Batch(x, x, {}))["z_e"])
    nearest = np.square(z_e[:, None] - vectors).sum(-1).argmin(1)
    yield same(model.stored_shape, (1,))
    yield same(model.encode_indices(x), nearest[:, None])
    yield same(model.encode(x), vectors[nearest])
    yield same(model.decode_indices(nearest[:, None]), model.decode(vectors[nearest]))
