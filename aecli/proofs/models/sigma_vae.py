"""Proofs of the sigma-VAE: the best scale, its constants, its gradient, what is remembered."""

import math

import numpy as np
import tensorflow as tf
from scipy import stats

from aecli.losses.gaussian import Gaussian
from aecli.models.sigma_vae import SigmaVAE
from aecli.models.vae import VAE
from aecli.proofs import cases
from aecli.proofs.base import at_least, close, proof, same

D = math.prod(cases.SHAPE)
LOSS = Gaussian(stddev=0.8, min_stddev=0.01)


def _made(spread: float = 0.2, loss: Gaussian = LOSS, **settings):
    return cases.made(SigmaVAE, spread, reconstruction_loss=loss, **settings)


def _trained(model, x):
    """loss [B], terms, what is watched and the MSE of the batch x, as in a training step."""
    batch = cases.batch_of(model, x)
    out = model.forward(batch, training=True)
    mse = float(np.mean(np.square(x - np.asarray(model.expected(out["params"])))))
    return *model.objective(batch, out, training=True), mse


@proof("optimal: mean NLL of a batch = D/2 (log(2 pi MSE) + 1), and of each image SciPy's")
def at_the_best_scale():
    model, x = _made(), cases.images(7)
    loss, terms, watched, mse = _trained(model, x)
    yield close(np.mean(terms["reconstruction"]), D / 2 * (math.log(2 * math.pi * mse) + 1), 1e-5)
    batch = cases.batch_of(model, x)
    made = np.asarray(model.expected(model.forward(batch)["params"]))
    known = -stats.norm.logpdf(x, made, math.sqrt(mse)).sum((1, 2, 3))
    yield close(terms["reconstruction"], known, rtol=1e-5)
    yield close(loss, known + np.asarray(terms["kl"]), rtol=1e-5)
    yield close(watched["stddev"], math.sqrt(mse), rtol=1e-5)


@proof("gradient to the scale = 0 at s^2 = MSE, and D (1 - MSE / s^2) / 2 to log s^2 elsewhere")
def the_gradient_to_the_scale():
    model, x = _made(scale="learned"), cases.images(7)
    batch = cases.batch_of(model, x)
    params = model.forward(batch)["params"]
    mse = float(np.mean(np.square(x - np.asarray(model.expected(params)))))
    for variance in (mse, 0.3, 2.0):
        value = tf.constant(math.log(variance), tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(value)
            nll = tf.reduce_mean(model.misfit(x, params, value))
        slope = np.asarray(tape.gradient(nll, value))
        yield close(slope, D / 2 * (1 - mse / variance), rtol=1e-4, atol=1e-4)


@proof("learned: loss = the VAE's with that scale fixed; the scale has a gradient, above its least")
def a_learned_scale():
    model, x = _made(scale="learned"), cases.images(5)
    floor = 2 * math.log(0.01)
    model.pixel_log_var.assign(-1.2)
    log_var = floor + math.log1p(math.exp(-1.2 - floor))
    fixed = Gaussian(stddev=math.exp(0.5 * log_var))
    vae = cases.made(VAE, 0.2, reconstruction_loss=fixed)
    vae.encoder.set_weights(model.encoder.get_weights())
    vae.decoder.set_weights(model.decoder.get_weights())
    yield close(model.score(x)["loss"], vae.score(x)["loss"], rtol=1e-5)
    _, gradients = cases.loss_and_gradients(model, cases.batch_of(model, x), training=True)
    places = [v is model.pixel_log_var for v in model.trainable_variables]
    yield at_least(abs(float(gradients[places.index(True)])), 0.1)
    yield same(len(gradients) - len(vae.trainable_variables), 1)
    model.pixel_log_var.assign(-60.0)
    yield close(np.exp(0.5 * np.asarray(model.log_var)), 0.01, rtol=1e-4)


@proof("optimal: the encoder's and decoder's gradient = with s^2 = MSE, and through it")
def the_gradient_of_the_rest():
    model, x = _made(), cases.images(6)
    batch = cases.batch_of(model, x)
    _, gradients = cases.loss_and_gradients(model, batch, training=True)
    with tf.GradientTape() as tape:
        out = model.forward(batch, training=True)
        mse = tf.reduce_mean(tf.square(x - model.expected(out["params"])))
        loss = D / 2 * (tf.math.log(2 * math.pi * mse) + 1) + tf.reduce_mean(model.kl(out))
    theirs = tape.gradient(loss, [v.value for v in model.trainable_variables])
    for mine, other in zip(gradients, theirs, strict=True):
        yield close(mine, other, rtol=1e-4, atol=1e-5)


@proof("evaluation = by the running mean of the training's variances, whatever the batch")
def evaluation_is_by_what_is_remembered():
    model = _made()
    yield close(np.exp(np.asarray(model.log_var)), 0.8**2, rtol=1e-5)  # before any step
    found = []
    for seed in range(130):
        target = np.full((3, *cases.SHAPE), 0.1 * (1 + seed % 5), "float32")
        model._of_batch(tf.constant(target), tf.zeros(target.shape))
        found.append((0.1 * (1 + seed % 5)) ** 2)
        if seed == 40:
            yield close(np.exp(np.asarray(model.log_var)), np.mean(found), rtol=1e-4)
    known = np.mean(found[:100])
    for variance in found[100:]:
        known = 0.99 * known + 0.01 * variance
    yield close(np.exp(np.asarray(model.log_var)), known, rtol=1e-4)
    x = cases.images(6)
    score = model.score(x)["reconstruction"]
    z = model.forward(cases.batch_of(model, x))["params"]
    yield close(score, -stats.norm.logpdf(x, z, math.sqrt(known)).sum((1, 2, 3)), rtol=1e-4)
    yield close(model.score(x[:2])["reconstruction"], score[:2], rtol=1e-6)
    yield close(model.log_likelihood(x, z), -score, rtol=1e-6)


@proof(
    "optimal: of images that are met exactly, the scale = its least; missing points count for none"
)
def the_least_scale_and_gaps():
    model = _made()
    target = np.full((3, *cases.SHAPE), 0.5, "float32")
    yield close(model._of_batch(target, target), 2 * math.log(0.01), rtol=1e-6)
    yield close(model.log_var, 2 * math.log(0.01), rtol=1e-6)  # as it is remembered
    target[0, 0, 0], target[1] = np.nan, 0.75
    made = np.full_like(target, 0.5)
    yield close(model._of_batch(target, made), math.log(0.25**2 * 16 / 47), rtol=1e-5)
