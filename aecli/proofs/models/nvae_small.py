"""Proofs of the VAE of residual groups."""

import functools

import numpy as np
import tensorflow as tf
from scipy import stats
from scipy.special import logsumexp

from aecli.losses.gaussian import Gaussian
from aecli.losses.mse import MSE
from aecli.models.batch import Batch
from aecli.models.nvae_small import BOUND, NVAESmall
from aecli.networks import residual_groups
from aecli.networks.conv import Conv
from aecli.proofs.base import at_least, at_most, close, mean_of, proof, same

N = 6


def _model(groups=(1, 2), **settings):
    """Of 8x8 images, groups at 2x2 and 4x4, with weights that matter."""
    model = NVAESmall(
        data_shape=(8, 8, 1), network=Conv(filters=[4], activation="silu"), latent_dim=2, width=5,
        reconstruction_loss=settings.pop("reconstruction_loss", MSE()), groups=list(groups),
        **settings,
    )  # fmt: skip
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(variable + 0.15 * rng.normal(size=variable.shape))
    return model


@functools.cache
def _images(n=N):
    return np.random.default_rng(1).random((n, 8, 8, 1), dtype="float32")


def _silent(networks, bias=0.0):
    """What these networks emit is no longer a function of what they see."""
    for network in networks:
        *_, kernel, last = network.trainable_variables
        kernel.assign(tf.zeros_like(kernel))
        last.assign(tf.fill(last.shape, bias))


def _raw(network, *inputs):
    return np.asarray(network(inputs[0] if len(inputs) == 1 else list(inputs)), "float64")


def _by_hand(model, x, epsilon):
    """-> codes, and log q, log p, KL of each group [B], by a walk of our own."""
    features = [model.encoder(x)["up"]]
    features.insert(0, model.down[0](features[0]))
    h, found, start = np.repeat(model.top.numpy()[None], len(x), 0), [], 0
    for i, (place, grid) in enumerate(zip((0, 1, 1), model.grids, strict=True)):
        if i == 1:
            h = model.up[0](h).numpy()
        prior = _raw(model.priors[i], h)
        moved = prior + _raw(model.posteriors[i], np.concatenate([h, features[place]], -1))
        (mp, sp), (mq, sq) = (np.split(5 * np.tanh(r / 5), 2, axis=-1) for r in (prior, moved))
        e = epsilon[:, start : start + np.prod(grid)].reshape(-1, *grid)
        z = mq + np.exp(sq) * e
        log_q, log_p = (
            stats.norm.logpdf(z, m, np.exp(s)).sum((1, 2, 3)) for m, s in ((mq, sq), (mp, sp))
        )
        kl = sp - sq + 0.5 * (np.exp(2 * sq) + (mq - mp) ** 2) / np.exp(2 * sp) - 0.5
        found.append((z.reshape(len(x), -1), log_q, log_p, kl.sum((1, 2, 3))))
        h = model.merges[i]([h, z.astype("float32")]).numpy()
        start += np.prod(grid)
    z, *terms = zip(*found, strict=True)
    return np.concatenate(z, 1), *(np.array(term) for term in terms)


@proof("codes, log q, log p, and each group's KL = a walk down by hand in NumPy")
def by_hand():
    model, x = _model(), _images()
    drawn = model.frozen_draws(N)
    z, log_q, log_p, kl = _by_hand(model, x, drawn["z"])
    out = model.infer(Batch(x, x, drawn))
    yield close(out["z"], z, atol=1e-5)
    yield close(out["log_q"], log_q.sum(0), atol=1e-3)
    yield close(model.log_prior(out["z"]), log_p.sum(0), atol=1e-3)
    scores = model.score(x)
    for i in range(3):
        yield close(scores[f"kl_{i + 1}"], kl[i], rtol=1e-4, atol=1e-4)
    yield at_least(kl.mean(), 0.3)
    again = model.draw(model.infer(Batch(x, x)), drawn["z"])
    yield close(again[0], z, atol=1e-5)
    yield close(again[1], log_q.sum(0), atol=1e-3)


@proof("KL of all groups = mean of log q - log p of 3,000 draws, in the mean")
def kl_of_draws():
    model, n = _model(), 3000
    x = np.repeat(_images(1), n, axis=0)
    out = model.infer(Batch(x, x, model.frozen_draws(n)))
    ratio = np.asarray(out["log_q"] - model.log_prior(out["z"]), "float64")
    return mean_of(ratio - np.asarray(out["kl_of_units"], "float64").sum(1), 0)


@proof("posteriors that say nothing: dm = ds = 0, a KL of 0 whatever the prior")
def silent():
    model, x = _model(), _images()
    _silent(model.posteriors)
    scores = model.score(x)
    yield close([scores[f"kl_{i + 1}"] for i in range(3)], np.zeros((3, N)), atol=1e-6)
    yield at_least(_model().score(x)["kl_1"].min(), 0.05)


@proof("means and log deviations are 5 tanh(. / 5), of p and of q: bounded at 5")
def bounded():
    model, x = _model(), _images()
    _silent(model.priors, 3.0)
    _silent(model.posteriors, 40.0)
    kl, out = model.score(x)["kl_1"], model.infer(Batch(x, x))
    prior, code = 5 * np.tanh(3 / 5), 5 * np.tanh(43 / 5)
    yield close(out["z"], code, rtol=1e-5)
    each = prior - code + 0.5 * (np.exp(2 * code) + (code - prior) ** 2) / np.exp(2 * prior) - 0.5
    yield close(kl, np.full(N, 8 * each), rtol=1e-4)
    yield same(BOUND, 5.0)


@proof("terms: reconstruction + beta (kl_1 + .. + kl_L) = the loss")
def telescopes():
    model, x = _model(beta=0.6), _images()
    scores = model.score(x)
    total = scores["reconstruction"] + 0.6 * sum(scores[f"kl_{i + 1}"] for i in range(3))
    return close(scores["loss"], total, rtol=1e-5)


@proof("a group's codes reach the priors after it and the image; those before it nothing")
def order():
    model, x = _model(), _images()
    z = model.infer(Batch(x, x, model.frozen_draws(N)))["z"]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(z)
        h, priors = tf.repeat(model.top[None], N, axis=0), []
        for i, (grid, level) in enumerate(zip(model.grids, model.levels.values(), strict=True)):
            h = model.up[0](h) if i == 1 else h
            priors.append(model.priors[i](h))
            h = model.merges[i]([h, tf.reshape(z[:, level], (-1, *grid))])
        image = model.params(z)
    for i, prior in enumerate(priors):
        slope = tape.gradient(prior, z)
        slope = np.zeros(z.shape) if slope is None else np.abs(slope)
        for j, level in enumerate(model.levels.values()):
            reached = slope[:, level].max()
            yield at_least(reached, 1e-4) if j < i else at_most(reached, 0)
    for level in model.levels.values():
        yield at_least(np.abs(tape.gradient(image, z)[:, level]).max(), 1e-4)
    sizes = [level.stop - level.start for level in model.levels.values()]
    yield close(sizes, [8, 32, 32])


@proof("the image of codes = the image on the way, and of the prior's codes with their density")
def decoded():
    model, x = _model(), _images()
    out = model.forward(Batch(x, x, model.frozen_draws(N)))
    yield close(model.params(out["z"]), out["params"], atol=1e-5)
    z = np.asarray(model.sample_prior(2000, 0))
    again = np.asarray(model.log_prior(z))
    entropy = 72 * 0.5 * (1 + np.log(2 * np.pi))
    _silent(model.priors)
    free = np.asarray(model.sample_prior(2000, 0), "float64")
    yield mean_of(free, 0)
    yield mean_of(free**2, 1)
    yield mean_of(-np.asarray(model.log_prior(free.astype("float32")), "float64"), entropy)
    yield at_least(np.abs(again - stats.norm.logpdf(z).sum(1)).max(), 0.1)


@proof("the bound of 1, 10 and 100 draws rises: ELBO <= IW_10 <= IW_100")
def rises():
    model, x = _model(reconstruction_loss=Gaussian(stddev=0.5)), _images(20)
    rows = np.repeat(x, 100, axis=0)
    epsilon = np.random.default_rng(0).normal(size=(2000, *model.draw_shape)).astype("float32")
    z, log_q = model.draw(model.infer(Batch(rows, rows)), epsilon)
    likelihood = model.log_likelihood(rows, model.params(z))
    log_w = np.asarray(likelihood + model.log_prior(z) - log_q, "float64").reshape(20, 100)
    of_10 = np.asarray(logsumexp(log_w.reshape(20, 10, 10), axis=2)).mean(1) - np.log(10)
    of_100 = logsumexp(log_w, axis=1) - np.log(100)
    yield at_least((of_10 - log_w.mean(1)).min(), 0.05)
    yield at_least((of_100 - of_10).min(), 0.01)
    yield mean_of(log_w.ravel() + model.score(rows)["loss"], 0)


@proof("what is added to the map has 1 / sqrt(n) of the deviation of one group's")
def scaled():
    stds = []
    for n in (1, 16):
        network = residual_groups.merged((4, 4, 64), 32, "silu", n, f"merged_{n}")
        kernels = [v.numpy() for v in network.trainable_variables if len(v.shape) == 4]
        stds.append([kernel.std() for kernel in kernels])
    projected, inner, added = np.array(stds[0]) / np.array(stds[1])
    yield close([projected, added, inner], [4.0, 4.0, 1.0], rtol=0.05)
