"""Proofs of the importance-weighted bounds, MIWAE among them."""

from collections.abc import Iterable

import numpy as np
import tensorflow as tf
from scipy.special import logsumexp

from aecli.latents.priors.mixture import Mixture
from aecli.models.batch import Batch
from aecli.models.iwae import IWAE, MIWAE
from aecli.models.vae import VAE
from aecli.proofs.base import Finding, at_least, at_most, close, mean_of, proof, same
from aecli.proofs.cases import batch_of, images, loss_and_gradients, made
from aecli.proofs.oracle import STDDEV, linear_gaussian


def _of_each_draw(model, batch) -> tuple[np.ndarray, np.ndarray]:
    """-log p(x|z) and log q(z|x) - log p(z) of each draw alone: [m, k, B] float64."""
    heads, epsilon = model.infer(Batch(batch.x, batch.x)), batch.draws["z"]
    misfit, kl = np.empty((2, *epsilon.shape[1:3], len(epsilon)))
    for i, j in np.ndindex(*epsilon.shape[1:3]):
        z, log_q = model.draw(heads, epsilon[:, i, j])
        misfit[i, j] = model.reconstruction_loss(batch.target, model.params(z))
        kl[i, j] = log_q - model.log_prior(z)
    return misfit, kl


CASES = [
    (MIWAE, {"m": 2, "k": 3}, None, 1.0),
    (MIWAE, {"m": 3, "k": 2, "beta": 0.5}, None, 0.5),
    (IWAE, {"k": 4, "warmup_epochs": 10.0}, 4.0, 0.4),
    (IWAE, {"k": 4, "epsilon_std": 0.5}, None, 1.0),
]


@proof("loss = -mean of m times log mean of k (p(x|z) (p(z) / q(z|x))^beta), draw by draw")
def by_hand():
    for kind, settings, progress, weight in CASES:
        model = made(kind, 0.3, **settings)
        batch = batch_of(model, images(9), progress)
        misfit, kl = _of_each_draw(model, batch)
        bounds = logsumexp(-misfit - weight * kl, axis=1) - np.log(model.k)
        out = model.forward(batch)
        loss, terms, _ = model.objective(batch, out)
        yield close(loss, -bounds.mean(axis=0), rtol=1e-5)
        yield close(terms["reconstruction"], misfit.mean(axis=(0, 1)), rtol=1e-5)
        yield close(terms["kl"], kl.mean(axis=(0, 1)), rtol=1e-4, atol=1e-4)
        yield at_most(np.max(terms["tightening"]), 0)
        penalties = model.penalties(batch, out)
        parts = terms["reconstruction"] + sum(w * term for w, term in penalties.values())
        yield close(parts, np.asarray(loss), rtol=1e-5)


@proof("MIWAE of one bound = the IWAE, loss and gradient, to the bit")
def one_bound():
    iwae, miwae = made(IWAE, 0.3, k=3), made(MIWAE, 0.3, m=1, k=3)
    batch = batch_of(iwae, images(9))
    (loss, gradients), (ours, its) = (loss_and_gradients(m, batch) for m in (iwae, miwae))
    yield same(ours, loss)
    yield from map(same, its, gradients)


@proof("MIWAE of one draw = the VAE with the KL of its draw, loss and gradient, over m draws")
def one_draw():
    prior = Mixture(components=2)  # of which there is no KL in closed form
    for m in (1, 3):
        vae, model = made(VAE, 0.3, prior=prior), made(MIWAE, 0.3, prior=prior, m=m, k=1)
        batch = batch_of(model, images(9))
        loss, gradients = loss_and_gradients(model, batch)
        alone = [
            loss_and_gradients(vae, batch._replace(draws={"z": batch.draws["z"][:, i, 0]}))
            for i in range(m)
        ]
        yield close(loss, np.mean([one for one, _ in alone], axis=0), rtol=1e-5)
        for ours, *ones in zip(gradients, *(its for _, its in alone), strict=True):
            yield close(ours, np.mean(ones, axis=0), rtol=1e-3, atol=1e-4)


@proof("with the true posterior, every draw and k: the bound = log p(x)")
def evidence():
    for kind, settings in ((IWAE, {"k": 1}), (IWAE, {"k": 7}), (MIWAE, {"m": 3, "k": 2})):
        oracle = linear_gaussian(kind=kind, n=300, **settings)
        score = oracle.model.score(oracle.x)
        yield close(-score["loss"], oracle.evidence, atol=5e-4)
        yield close(score["tightening"], 0, atol=5e-4)


@proof("with a wrong posterior, ELBO < bound of 5 < bound of 50, near log p(x)")
def rises() -> Iterable[Finding]:
    for errors in ((0.5, 0.0), (0.0, 0.7)):
        gaps = []
        for k in (1, 5, 50):
            oracle = linear_gaussian(*errors, IWAE, n=2000, k=k)
            gaps.append(-oracle.model.score(oracle.x)["loss"] - oracle.evidence)
        means = [gap.mean() for gap in gaps]
        errors_of = [3 * gap.std() / np.sqrt(len(gap)) for gap in gaps]
        yield at_least(means[1], means[0], -errors_of[0] - errors_of[1])
        yield at_least(means[2], means[1], -errors_of[1])
        yield at_most(means[2], 0, errors_of[2])
        yield at_most(abs(means[2]), 0.1 * abs(means[0]))


@proof("bound of one draw = the VAE with its exact KL, in the mean")
def in_the_mean():
    vae = linear_gaussian(log_var_error=0.7, n=1000)
    drawn = linear_gaussian(log_var_error=0.7, kind=MIWAE, m=20, k=1, n=1000)
    exact, score = vae.model.score(vae.x), drawn.model.score(vae.x)
    yield mean_of(score["loss"] - exact["loss"], 0)
    yield mean_of(score["kl"] - exact["kl"], 0)


def _plain_loss(weights, x, epsilon):
    """-mean over x [B, D] of the mean over m of log 1/k sum_j p(x|z) p(z) / q(z|x), in float64."""
    (mean_w, mean_b), (var_w, var_b), (w, b) = weights
    mean, log_var = x @ mean_w + mean_b, x @ var_w + var_b
    z = mean[:, None, None] + tf.exp(0.5 * log_var[:, None, None]) * epsilon

    def log_normal(v, mean, variance):
        squares = tf.square(v - mean) / variance + tf.math.log(2 * np.pi * variance)
        return -0.5 * tf.reduce_sum(squares, axis=-1)

    joint = log_normal(x[:, None, None], z @ w + b, tf.constant(STDDEV**2, x.dtype))
    joint += log_normal(z, tf.zeros_like(z), tf.ones_like(z))
    q = log_normal(z, mean[:, None, None], tf.exp(log_var[:, None, None]))
    return -tf.reduce_mean(tf.math.log(tf.reduce_mean(tf.exp(joint - q), axis=2)))


@proof("gradient = that of the plain formula in float64, through the draws")
def gradient():
    model, x, _, _ = linear_gaussian(0.4, 0.5, MIWAE, n=30, m=2, k=5)
    batch = batch_of(model, x)
    loss, gradients = loss_and_gradients(model, batch)
    found = {v.path: (v, g) for v, g in zip(model.trainable_variables, gradients, strict=True)}
    heads = ("mean", "log_var", "params")
    order = [f"{name}/{part}" for name in heads for part in ("kernel", "bias")]
    values = [tf.constant(found[path][0].numpy().astype("float64")) for path in order]
    flat, epsilon = (a.astype("float64") for a in (x.reshape(30, -1), batch.draws["z"]))
    with tf.GradientTape() as tape:
        tape.watch(values)
        value = _plain_loss(zip(values[::2], values[1::2], strict=True), flat, epsilon)
    yield close(loss.mean(), float(value), rtol=1e-6)
    for path, known in zip(order, tape.gradient(value, values), strict=True):
        yield close(found[path][1], np.asarray(known), rtol=1e-4, atol=1e-5)


@proof("code = the mode; with a seed, the first draw, which is what is decoded")
def codes():
    model, vae, x = made(MIWAE, 0.3, m=2, k=3), made(VAE, 0.3), images(5)
    yield same(model.encode(x), vae.encode(x))
    batch = batch_of(model, x)
    out = model.forward(batch)
    first, _ = model.draw(model.infer(Batch(x, x)), batch.draws["z"][:, 0, 0])
    yield close(out["z"], np.asarray(first), rtol=1e-5)
    yield close(model.encode(x, seed=0), np.asarray(first), rtol=1e-5)
    yield close(out["params"], np.asarray(model.params(first)), atol=1e-5)
