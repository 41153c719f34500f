"""Proofs of free bits and of a capacity, which a VAE is charged for instead of its KL."""

from typing import Any

import numpy as np
import tensorflow as tf

from aecli.divergences import gaussian_kl_of_units
from aecli.latents.anneal.capacity import Capacity
from aecli.models.vae import VAE
from aecli.proofs.base import at_least, close, proof, same
from aecli.proofs.cases import batch_of, images, made

N = 40


def _charged(model, x, progress=None, training=True):
    """-> mean charge, its gradient to the encoder's heads, and the KL of units, of a batch."""
    batch = batch_of(model, x, progress)
    out = model.forward(batch)
    heads = {name: tf.constant(out[name]) for name in ("mean", "log_var")}
    with tf.GradientTape() as tape:
        tape.watch(heads)
        weight, term = next(iter(model.penalties(batch, out | heads, training=training).values()))
        value = tf.reduce_mean(weight * term)
    found: Any = tape.gradient(value, heads)
    gradient = {name: np.asarray(one) for name, one in found.items()}
    return float(value), gradient, np.asarray(gaussian_kl_of_units(**heads))


def _free_between(units: np.ndarray) -> float:
    """Free bits with some units below and some above."""
    return float(np.sort(units.mean(0))[1:3].mean())


def _free(**settings):
    """A model with free bits between its units' mean KLs, images, and those means."""
    x = images(N)
    free = _free_between(_charged(made(VAE, 0.4, latent_dim=4), x)[2])
    return made(VAE, 0.4, latent_dim=4, free_bits=free, **settings), x, free


@proof("free bits: charge = sum over units of max(free, mean KL); below, no gradient")
def free_bits():
    """Kingma 2016, eq. 15."""
    model, x, free = _free()
    value, gradient, units = _charged(model, x)
    yield close(value, np.maximum(units.mean(0), free).sum(), rtol=1e-5)
    still = np.abs(gradient["mean"]).sum(0) + np.abs(gradient["log_var"]).sum(0) == 0
    yield same(still, units.mean(0) < free)
    plain, almost = made(VAE, 0.4), made(VAE, 0.4, free_bits=1e-9)
    yield close(_charged(almost, x)[0], _charged(plain, x)[0], rtol=1e-6)


@proof("capacity: charge = beta |mean KL - C|, C rising; the gradient turns round at C")
def capacity():
    """Burgess 2018, eq. 8."""
    anneal = Capacity(final=1000.0)
    model, x = made(VAE, 0.4, beta=3.0, warmup_epochs=10.0, anneal=anneal), images(N)
    low, down, units = _charged(model, x, progress=0.0)  # C = 0: as the KL itself
    kl = units.sum(1).mean()
    yield close(low, 3 * kl, rtol=1e-5)
    high, up, _ = _charged(model, x, progress=1.0)  # C = 100
    yield close(high, 3 * (100 - kl), rtol=1e-5)
    yield close(up["mean"], -np.asarray(down["mean"]), rtol=1e-5)
    batch = batch_of(made(VAE, 0.4), x)
    heads = made(VAE, 0.4).infer(batch)
    yield close(down["mean"], 3 * np.asarray(heads["mean"]) / N, rtol=1e-4, atol=1e-6)
    yield close(_charged(model, x, training=False)[0], 3 * (1000 - kl), rtol=1e-3)


@proof("capacity between the KLs of a batch: one distance, of the mean, with free bits too")
def one_distance():
    plain, x, free = _free()
    for bits in (0.0, free):
        units = _charged(plain, x)[2]
        charge = np.maximum(units.mean(0), bits).sum()
        for over in (0.05, -0.05):  # from the batch's charge to C
            settings = {"free_bits": bits, "anneal": Capacity(final=charge + over)}
            model = made(VAE, 0.4, latent_dim=4, **settings)
            value, gradient, _ = _charged(model, x)
            yield close(value, abs(over), atol=1e-4)
            log_var = np.asarray(model.infer(batch_of(model, x))["log_var"])
            signs = np.sign(gradient["log_var"]) * np.sign(np.exp(log_var) - 1)
            above = units.mean(0) > bits
            yield same(signs[:, above], -np.sign(over))
            yield close(_charged(model, x, training=False)[0], abs(over), atol=1e-4)


@proof("evaluation = by the running mean of the training's KLs, whatever the batch")
def in_evaluation():
    """The mean of all steps at first, then 0.01 of each."""
    model, x, free = _free()
    means = np.random.default_rng(0).gamma(0.5, size=(130, 4)).astype("float32")
    known = means[:100].mean(0)
    for i, mean in enumerate(means):
        model._remember(tf.constant(mean))
        if i == 99:
            yield close(model.running_kl, known, rtol=1e-4)
        known = 0.99 * known + 0.01 * mean if i >= 100 else known
    yield close(model.running_kl, known, rtol=1e-4)
    model.running_kl.assign(np.array([2 * free, 0.1 * free, 3 * free, 0.0]))
    units = np.asarray(_charged(model, x)[2])
    model.running_kl.assign(np.array([2 * free, 0.1 * free, 3 * free, 0.0]))
    found, expected = model.score(x), units[:, [0, 2]].sum(1) + 2 * free
    yield close(found["kl_charged"], expected, rtol=1e-5)
    target = made(VAE, 0.4, latent_dim=4, free_bits=free, anneal=Capacity(final=25.0))
    target.running_kl.assign(np.array([2 * free, 0.1 * free, 3 * free, 0.0]))
    yield close(target.score(x)["kl_charged"], np.full(N, 25 - 7 * free), rtol=1e-5)
    watched = model.objective(batch_of(model, x), model.forward(batch_of(model, x)))[2]
    yield close(watched["kl"], units.sum(1), rtol=1e-5)
    yield at_least(units.sum(1).min(), 0)
