"""Proofs of the contractive autoencoder."""

from typing import Any

import numpy as np
import tensorflow as tf

from aecli.models.ae import AE
from aecli.models.contractive import Contractive
from aecli.proofs.base import close, mean_of, proof
from aecli.proofs.cases import small, trains_as


def _model(of: Any = Contractive, widths=(), **settings: Any) -> tuple:
    given = {"latent_dim": 4, "code_activation": "sigmoid"} | settings
    return small(of, widths, "tanh", **given)


def _closed_form(model, x) -> np.ndarray:
    """sum_j (h_j (1 - h_j))^2 sum_i W_ij^2 of one sigmoid layer (Rifai 2011, eq. 2)."""
    h = model.encode(x)
    return (h * (1 - h)) ** 2 @ np.sum(np.square(model.encoder.get_weights()[0]), axis=0)


@proof("term of one sigmoid layer = sum of (h (1 - h))^2 |W|^2 over code units and pixels")
def one_layer():
    model, batch = _model()
    known = _closed_form(model, batch.x)
    yield close(model.score(batch.x)["jacobian"], known, rtol=1e-4)
    model, batch = _model(estimate="exact")
    out = model.forward(batch, training=True)
    yield close(model.penalties(batch, out, training=True)["jacobian"][1], known, rtol=1e-4)


@proof("term of a deep encoder = squared differences of the code by each pixel")
def deep():
    model, batch = _model(widths=[5])
    known = 0
    for pixel in np.eye(6, dtype="float32").reshape(6, 2, 3, 1):
        moved = model.encode(batch.x + 0.01 * pixel) - model.encode(batch.x - 0.01 * pixel)
        known = known + np.square(moved / 0.02).sum(1)
    return close(model.score(batch.x)["jacobian"], known, rtol=1e-2)


@proof("term in training, and of hutchinson in evaluation: its mean over draws = the closed form")
def estimate():
    for settings, training in (({}, True), ({"estimate": "hutchinson", "probes": 3}, False)):
        model, batch = _model(**settings)
        probes = model.noise_shapes()["probe"]
        draws = np.random.default_rng(2).normal(size=(500, 20, *probes)).astype("float32")
        step = tf.function(
            lambda probe, model=model, x=batch.x, training=training: model.squared_jacobian(
                x, probe, training
            )
        )
        yield mean_of([step(probe) for probe in draws], _closed_form(model, batch.x))
    terms = []
    for frozen in (batch.draws, {"probe": draws[0]}):
        one = batch._replace(draws=frozen)
        terms.append(model.penalties(one, model.forward(one))["jacobian"][1])
    yield close(terms[1], step(draws[0]), rtol=1e-5)  # by the draws that it is given


@proof("gradient of the weighted term = differences of the closed form by a weight")
def gradient():
    model, batch = _model(estimate="exact", weight=1.0)
    kernel, bias = model.encoder.trainable_variables
    with tf.GradientTape() as tape:
        term = model.penalties(batch, model.forward(batch, training=True), training=True)
        mean = tf.reduce_mean(term["jacobian"][1])
    found = tape.gradient(mean, [kernel.value, bias.value])
    for variable, slopes in zip((kernel, bias), found, strict=True):
        start, step = variable.numpy(), np.random.default_rng(3).normal(size=variable.shape)
        values = []
        for size in (0.01, -0.01):
            variable.assign(start + size * step)
            values.append(_closed_form(model, batch.x).mean())
        variable.assign(start)
        yield close(np.sum(slopes * step), (values[0] - values[1]) / 0.02, rtol=1e-2)


@proof("loss = reconstruction + 3 |dz/dx|^2")
def weight():
    model, batch = _model(weight=3.0)
    loss, terms, _ = model.objective(batch, model.forward(batch, training=True), training=True)
    yield close(loss, terms["reconstruction"] + 3 * terms["jacobian"], rtol=1e-5)


@proof("with weight 0 loss and gradients = those of the autoencoder, to the bit")
def is_an_autoencoder():
    return trains_as(_model(Contractive, widths=[5], weight=0.0), _model(AE, widths=[5]))
