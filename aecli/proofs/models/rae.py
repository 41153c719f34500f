"""Proofs of the regularized autoencoder."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aecli.losses.binary_crossentropy import BinaryCrossentropy
from aecli.losses.mse import MSE
from aecli.models.ae import AE
from aecli.models.rae import RAE, largest_singular_value, within_one
from aecli.proofs.base import at_least, at_most, close, mean_of, proof, same
from aecli.proofs.cases import batch_of, small, terms_of, trains_as


def _model(of: Any = RAE, widths=(), loss: Any = MSE, **settings: Any) -> tuple:
    """A small model, and a batch of images in [0, 1]."""
    given = {"reconstruction_loss": loss(), "latent_dim": 4} | settings
    model, _ = small(of, widths, "tanh", **given)
    x = np.random.default_rng(0).uniform(size=(20, 2, 3, 1)).astype("float32")
    return model, batch_of(model, x)


@proof("code_norm = half the squared norm; decoder of l2 = the sum of its squared kernels")
def norms():
    model, batch = _model(widths=[5])
    terms, z = terms_of(model, batch), model.encode(batch.x)
    yield close(terms["code_norm"], 0.5 * (z**2).sum(1), rtol=1e-5)
    kernels = [w for w in model.decoder.get_weights() if w.ndim == 2]
    yield same(len(kernels), 2)
    known = sum((kernel**2).sum() for kernel in kernels)
    yield close(terms["decoder"], np.full(20, known), rtol=1e-5)


@proof("loss = reconstruction + 2 code_norm + 3 decoder, of each regularizer that has a term")
def weights():
    for regularizer in ("l2", "gp", "sn"):
        model, batch = _model(widths=[5], regularizer=regularizer, beta=2.0, lam=3.0)
        loss, terms, _ = model.objective(batch, model.forward(batch, training=True), training=True)
        known = terms["reconstruction"] + 2 * terms["code_norm"]
        known = known if regularizer == "sn" else known + 3 * terms["decoder"]
        yield close(loss, known, rtol=1e-5)
        yield same(len(terms), 2 if regularizer == "sn" else 3)


@proof("decoder of gp of a linear decoder = |W|_F^2, exactly and on average over 2,000 draws")
def linear_decoder():
    model, batch = _model(regularizer="gp")
    known = np.square(model.decoder.get_weights()[0]).sum()
    yield close(model.score(batch.x)["decoder"], np.full(20, known), rtol=1e-4)
    draws = np.random.default_rng(1).normal(size=(2000, 20, 1, 2, 3, 1)).astype("float32")
    z = model.encode(batch.x)
    step = tf.function(lambda probe: model.gradient_penalty(z, probe, training=True))
    yield mean_of([step(probe) for probe in draws], known)
    model, batch = _model(regularizer="gp", estimate="exact")
    yield close(terms_of(model, batch)["decoder"], np.full(20, known), rtol=1e-4)


@proof("decoder of gp = squared differences of the image by each code unit, not of the logits")
def differences():
    model, batch = _model(widths=[5], regularizer="gp", loss=BinaryCrossentropy)
    z, known = model.encode(batch.x), 0
    for unit in np.eye(4, dtype="float32"):
        moved = model.decode(z + 0.01 * unit) - model.decode(z - 0.01 * unit)
        known = known + np.square(moved / 0.02).sum((1, 2, 3))
    yield close(model.score(batch.x)["decoder"], known, rtol=1e-2)
    model, batch = _model(widths=[5], regularizer="gp", estimate="hutchinson", probes=1000)
    exact, _ = _model(widths=[5], regularizer="gp")
    known = exact.score(batch.x)["decoder"]
    yield close(model.score(batch.x)["decoder"].mean(), known.mean(), rtol=0.03)


@proof("encoder's gradient of gp's term = none, the decoder's is not")
def gradients():
    for estimate in ("auto", "exact"):
        model, batch = _model(widths=[5], regularizer="gp", estimate=estimate)
        with tf.GradientTape(persistent=True) as tape:
            term = tf.reduce_mean(terms_of(model, batch)["decoder"])
        of_encoder = tape.gradient(term, [v.value for v in model.encoder.trainable_variables])
        yield same(sum(gradient is not None for gradient in of_encoder), 0)
        of_decoder = tape.gradient(term, [v.value for v in model.kernels])
        yield at_least(min(np.abs(np.asarray(gradient)).max() for gradient in of_decoder), 1e-3)


@proof("bound of the largest singular value = at least SciPy's, and at most n^(1/512) of it")
def singular_values():
    rng = np.random.default_rng(0)
    for shape in ((7, 5), (5, 7), (30, 30), (3, 3, 2, 4), (1, 1)):
        for scale in (1e-3, 1.0, 1e3):
            kernel = (scale * rng.normal(size=shape)).astype("float32")
            matrix = kernel.reshape(-1, shape[-1])
            known = np.linalg.svd(matrix, compute_uv=False)[0]
            found = float(largest_singular_value(kernel))
            yield at_least(found / known, 1, slack=1e-5)
            yield at_most(found / known, min(matrix.shape) ** (1 / 512), slack=1e-5)
    alike = np.eye(6, dtype="float32")  # the worst case: all singular values are equal
    yield close(largest_singular_value(3 * alike), 3 * 6 ** (1 / 512), rtol=1e-5)


@proof("singular values of sn's decoder kernels = at most 1, from the start and after steps")
def spectral():
    model, batch = _model(widths=[5], regularizer="sn")
    optimizer = keras.optimizers.SGD(0.5)
    optimizer.build(model.trainable_variables)
    large = [4 * kernel.numpy() for kernel in model.kernels]
    for kernel, value in zip(model.kernels, large, strict=True):
        yield at_most(np.linalg.svd(kernel, compute_uv=False)[0], 1, slack=1e-5)
        kernel.assign(value)
    variables = model.trainable_variables
    for step in range(3):
        with tf.GradientTape() as tape:
            loss, _, _ = model.objective(batch, model.forward(batch, training=True), training=True)
            mean = tf.reduce_mean(loss) * (step > 0)
        optimizer.apply(tape.gradient(mean, [v.value for v in variables]), variables)
        for kernel, value in zip(model.kernels, large, strict=True):
            yield at_most(np.linalg.svd(kernel, compute_uv=False)[0], 1, slack=1e-5)
            if step == 0:  # without a gradient: what is too large is divided by one number
                known = value / np.linalg.svd(value, compute_uv=False)[0]
                yield close(kernel, known, rtol=1e-2)
    small = 0.1 * np.ones((2, 3), "float32")
    yield same(within_one(small), small)


@proof("with beta and lam 0 loss and gradients = those of the autoencoder, to the bit")
def is_an_autoencoder():
    return trains_as(_model(RAE, widths=[5], beta=0.0, lam=0.0), _model(AE, widths=[5]))
