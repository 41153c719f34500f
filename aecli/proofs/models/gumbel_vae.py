"""Proofs of the VAE of categorical codes."""

import numpy as np
import tensorflow as tf
from scipy import special, stats

from aecli.latents import categorical
from aecli.losses.mse import MSE
from aecli.models.batch import Batch
from aecli.models.gumbel_vae import GumbelVAE
from aecli.networks.conv import Conv
from aecli.networks.mlp import MLP
from aecli.proofs.base import at_least, close, proof, same

N, K = 3, 4


def _model(**settings) -> tuple[GumbelVAE, Batch]:
    model = GumbelVAE(
        data_shape=(2, 3, 1), network=MLP(widths=[]), reconstruction_loss=MSE(),
        **{"choices": N, "codebook_size": K, **settings},
    )  # fmt: skip
    x = np.random.default_rng(0).normal(size=(20, 2, 3, 1)).astype("float32")
    return model, Batch(x, x, model.frozen_draws(20))


@proof("KL term = sum over choices of log K - SciPy's entropy, of q and of no draw")
def kl():
    model, batch = _model(beta=0.7)
    out = model.forward(batch)
    p = special.softmax(np.asarray(out["logits"]).reshape(20, N, K), axis=-1)
    known = (np.log(K) - stats.entropy(p, axis=-1)).sum(-1)
    loss, terms, _ = model.objective(batch, out)
    yield close(terms["kl"], known, rtol=1e-4, atol=1e-5)
    yield close(loss, terms["reconstruction"] + 0.7 * known, rtol=1e-5)


@proof("in training the relaxed choice at the temperature of the progress; gradients to logits")
def training():
    model, batch = _model(temperature=2.0, last_temperature=0.5, temperature_epochs=8.0)
    for progress, temperature in ((0.0, 2.0), (4.0, 1.0), (99.0, 0.5), (None, 0.5)):
        now = batch._replace(progress=progress)
        with tf.GradientTape() as tape:
            out = model.forward(now, training=True)
            value = tf.reduce_sum(tf.square(out["z"]))
        logits = np.asarray(out["logits"]).reshape(20, N, K)
        noise = np.asarray(categorical.gumbels(batch.draws["z"])).reshape(20, N, K)
        known = special.softmax((logits + noise) / temperature, axis=-1)
        yield close(out["z"], known.reshape(20, -1), rtol=1e-4, atol=1e-6)
        slope = known * (known - np.square(known).sum(-1, keepdims=True)) * 2 / temperature
        found = tape.gradient(value, out["logits"])
        yield close(found, slope.reshape(20, -1), rtol=1e-3, atol=1e-5)


@proof("in evaluation drawn choices, one-hot; encode = the likeliest; numbers there and back")
def evaluation():
    model, batch = _model()
    logits = model.encoder(batch.x)["logits"].numpy().reshape(20, N, K)
    noise = np.asarray(categorical.gumbels(batch.draws["z"])).reshape(20, N, K)
    drawn = np.eye(K)[(logits + noise).argmax(-1)].reshape(20, -1)
    yield same(model.infer(batch)["z"], drawn)
    yield same(model.encode(batch.x, seed=0), drawn)
    likeliest = logits.argmax(-1)
    yield same(model.encode(batch.x), np.eye(K)[likeliest].reshape(20, -1))
    yield same(model.encode_indices(batch.x), likeliest)
    yield same(model.look_up(likeliest), model.encode(batch.x))
    yield same(model.decode_indices(likeliest), model.reconstruct(batch.x))
    yield at_least(np.abs(drawn - model.encode(batch.x)).sum(), 2)


@proof("prior: even choices, each one-hot, of probability K^-N")
def prior():
    model, batch = _model()
    z = model.sample_prior(4000, 0).reshape(4000, N, K)
    yield same(z.sum(-1), 1.0)
    yield close(z.mean(0), 1 / K, atol=0.03)
    yield close(model.log_prior(tf.constant(z.reshape(4000, -1)[:5])), -N * np.log(K), rtol=1e-6)
    out = model.infer(batch)
    drawn, log_q = model.draw(out, batch.draws["z"])
    yield same(drawn, out["z"])
    p = special.log_softmax(np.asarray(out["logits"]).reshape(20, N, K), axis=-1)
    known = (p * np.asarray(drawn).reshape(20, N, K)).sum(axis=(1, 2))
    yield close(log_q, known, rtol=1e-4)


@proof("a grid of choices: log p(z) counts those of every cell, and draws have the grid's shape")
def grid():
    model = GumbelVAE(
        data_shape=(4, 6, 1), network=Conv(filters=[4]), reconstruction_loss=MSE(), choices=N,
        codebook_size=K, flat=False,
    )  # fmt: skip
    z = model.sample_prior(5, 0)
    yield same(z.shape, (5, 2, 3, N * K))
    yield same(z.reshape(5, 2, 3, N, K).sum(-1), 1.0)
    yield close(model.log_prior(tf.constant(z)), -2 * 3 * N * np.log(K), rtol=1e-6)


@proof("linear case: with the true posterior, log p(x|z) + log p(z) - log q(z|x) = log p(x)")
def linear():
    model, batch = _model(choices=2)
    rng = np.random.default_rng(3)
    centres = rng.normal(size=(2, K, 6))  # x = the sum of one of each + noise of variance 1/2
    # orthogonal halves: then the posterior is a product of choices, as q is
    centres[0, :, 3:], centres[1, :, :3] = 0.0, 0.0
    table = centres.reshape(2 * K, 6)
    model.decoder.set_weights([table, np.zeros(6)])
    model.encoder.set_weights([2 * table.T, -np.square(table).sum(1)])
    x = batch.x.reshape(20, 6).astype("float64")
    every = (centres[0][:, None] + centres[1]).reshape(K * K, 6)
    squares = np.square(x[:, None] - every).sum(-1)
    log_p = special.logsumexp(-squares, axis=1) - 3 * np.log(np.pi) - np.log(K * K)
    out = model.infer(batch)
    z, log_q = model.draw(out, batch.draws["z"])
    bound = model.log_likelihood(batch.x, model.params(z)) + model.log_prior(z) - log_q
    yield close(bound, log_p, atol=1e-3)
