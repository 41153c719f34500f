"""Proofs of Deep SVDD."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aecli.models.batch import Batch
from aecli.models.deep_svdd import DeepSVDD
from aecli.proofs.base import at_least, at_most, close, proof, same
from aecli.proofs.cases import images, made
from aecli.training.step import train_step


def _made(**settings) -> DeepSVDD:
    return made(DeepSVDD, 0.2, latent_dim=5, **settings)


def _stepped(model, x, *epochs: float, rate: float = 1e-2):
    """The model after a step on x at each of these epochs."""
    optimizers: Any = {player: keras.optimizers.Adam(rate) for player in model.players}
    for player, optimizer in optimizers.items():
        optimizer.build(model.variables_of(player))
    model.compile(optimizers["model"])

    def step(progress):
        train_step(model, optimizers, Batch(x, x, {}, progress))

    compiled = tf.function(step, autograph=False)
    for epoch in epochs:
        compiled(tf.constant(epoch, "float32"))
    return model


def _moved_from_0(mean, spread, margin: float = 0.1):
    """The centre, as the paper's code moves it, in the spread of a unit."""
    least = margin * np.sqrt(spread / mean.size)
    return np.where(np.abs(mean) < least, np.where(mean < 0, -least, least), mean)


@proof("loss = |z - c|^2 / s + decay sum |W|^2 / 2, c and s of the first batch")
def equation_4():
    """Ruff et al. 2018, eq. 4, in units of the codes' first spread."""
    model, x = _made(weight_decay=0.01), images(80)
    first = model.encode(x[:50]).astype("float64")
    _stepped(model, x[:50], 0.0, rate=0.0)
    mean, spread = first.mean(0), first.var(0).sum()
    centre = _moved_from_0(mean, spread)
    yield close(model.centre, centre, rtol=1e-3, atol=1e-6)
    distance = ((model.encode(x[50:]) - centre) ** 2).sum(1) / spread
    kernels = [w.numpy() for w in model.encoder.weights if len(w.shape) == 2]
    decay = 0.5 * sum((kernel.astype("float64") ** 2).sum() for kernel in kernels)
    score = model.score(x[50:])
    yield close(score["distance"], distance, rtol=1e-3)
    yield close(score["decay"], decay, rtol=1e-4)
    yield close(score["loss"], distance + 0.01 * decay, rtol=1e-3)
    yield close(model.code_scale, spread + np.square(centre).sum(), rtol=1e-3)


@proof("a centre's unit near 0 is moved away, on its own side")
def margin():
    model = _made(margin=0.2)
    model.code_mean.assign(np.array([-0.01, 0.01, 0.0, 0.5, -0.5]))
    model.spread.assign(0.2)
    return close(model.centre, [-0.04, 0.04, 0.04, 0.5, -0.5], rtol=1e-5)


@proof("centre = that of the first batch, for good; codes come to it")
def fixed():
    model, x = _made(), images(100)
    _stepped(model, x[:50], 0.0)
    centre, before = np.asarray(model.centre), model.score(x[50:])["distance"].mean()
    _stepped(model, x[50:], *(0.01 * i for i in range(1, 50)))
    yield same(model.centre, centre)
    yield at_most(model.score(x[50:])["distance"].mean(), 0.5 * before)


@proof("no bias of the encoder is trained: what is 0 has the code 0")
def no_bias():
    model, x = made(DeepSVDD, latent_dim=5), images(50)
    _stepped(model, x, 0.0, 0.1, 0.2)
    yield same(model.encode(np.zeros((1, 4, 4, 1), "float32")), 0)
    yield at_least(np.abs(model.decoder.variables[-1]).max(), 1e-4)


@proof("decoder's gradient is its own: none of the codes' loss, and it learns")
def decoder():
    model, x = _made(), images(60)
    batch = Batch(x, x, {}, 0.0)
    with tf.GradientTape() as tape:
        out = model.forward(batch, training=True)
        loss = tf.reduce_mean(model.objective(batch, out, training=True)[0])
    gradients = tape.gradient(loss, [v.value for v in model.decoder.trainable_variables])
    yield same(sum(gradient is not None for gradient in gradients), 0)
    own, terms, _ = model.objective(batch, out, "decoder", training=True)
    yield close(own, np.asarray(model.reconstruction_loss(x, out["params"])), rtol=1e-6)
    yield same(len(terms), 0)
    before = model.score(x)["reconstruction"].mean()
    yield at_most(_stepped(model, x, *[0.0] * 30).score(x)["reconstruction"].mean(), before)


@proof("pretraining = an autoencoder's loss, whose validation is above any later one")
def pretraining():
    model, x = _made(pretrain_epochs=1), images(60)
    _stepped(model, x, *(0.01 * i for i in range(40)), rate=1e-3)
    batch = Batch(x, x, {}, 0.5)
    out = model.forward(batch, training=True)
    loss, terms, _ = model.objective(batch, out, training=True)
    yield same(loss, np.asarray(terms["reconstruction"]))
    mean = model.encode(x).mean(0)  # that of the steps follows it
    yield close(model.code_mean, mean, atol=0.5 * float(np.abs(mean).max()))
    early = model.score(x)
    yield close(early["loss"], 1 + np.logaddexp(0, early["reconstruction"]), rtol=1e-5)
    _stepped(model, x, 1.0, 1.01, rate=0.0)
    late = model.score(x)
    known = late["distance"] + 1e-6 * late["decay"]
    yield close(late["loss"], known, rtol=1e-5)


@proof("running mean of the codes in pretraining = the mean of its steps'")
def follows():
    model, rng = _made(pretrain_epochs=9), np.random.default_rng(0)
    batches = rng.normal(size=(3, 20, 5)).astype("float32")
    for z in batches:
        model._follow(tf.constant(0.5), tf.constant(z))
    yield close(model.code_mean, batches.mean((0, 1)), atol=1e-6)
    spreads = [z.var(0).sum() for z in batches]
    yield close(model.spread, np.mean(spreads), rtol=1e-5)
    for _ in range(200):
        model._follow(tf.constant(0.5), tf.constant(batches[0]))
    before = np.asarray(model.code_mean)
    model._follow(tf.constant(0.5), tf.constant(batches[1]))
    known = 0.99 * before + 0.01 * batches[1].mean(0)
    yield close(model.code_mean, known, atol=1e-6)


@proof("soft boundary: loss = R^2 + max(0, distance - R^2) / nu, R^2 their quantile 1 - nu")
def equation_3():
    """Ruff et al. 2018, eq. 3."""
    model, x = _made(nu=0.2, weight_decay=0.0), images(100)
    _stepped(model, x[:50], 0.0, rate=0.0)
    first = model.score(x[:50])["distance"]
    yield close(model.radius, 0.01 * np.quantile(first, 0.8), rtol=1e-3)
    model.radius.assign(np.quantile(first, 0.5))
    score, radius = model.score(x[50:]), float(model.radius.numpy())
    beyond = np.maximum(0, score["distance"] - radius)
    yield close(score["loss"], radius + beyond / 0.2, rtol=1e-5)
    yield at_least(beyond.max(), 0.01)
    _stepped(model, x[:50], 1.0, rate=0.0)
    known = 0.99 * radius + 0.01 * np.quantile(first, 0.8)
    yield close(model.radius, known, rtol=1e-3)
