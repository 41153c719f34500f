"""Proofs of the doubly reparameterised gradient: the same in the mean, with less noise."""

from typing import Any

import numpy as np
import tensorflow as tf

from aecli.models.iwae import IWAE, MIWAE
from aecli.proofs import cases
from aecli.proofs.base import at_least, at_most, close, mean_of, proof
from aecli.proofs.oracle import linear_gaussian

N = 6000  # draws of k codes


def gradients(model, x: np.ndarray) -> np.ndarray:
    """Each example's gradient of the loss to what the encoder is given, [N, 6]; x: [N, 2, 3, 1].

    The target is held, so that it is one through the mean and the log variance alone.
    """
    batch = cases.batch_of(model, x)
    seen = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(seen)
        batch = batch._replace(x=seen)
        loss = model.objective(batch, model.forward(batch, training=True), training=True)[0]
        total = tf.reduce_sum(loss)
    return np.asarray(tape.gradient(total, seen)).reshape(len(x), -1)


def both(error: float = 0.4, **settings: Any) -> tuple[np.ndarray, np.ndarray]:
    """The gradients of the plain estimator and of the other at one x, from the same draws."""
    found = []
    for estimator in ("plain", "dreg"):
        model, x, _, _ = linear_gaussian(
            error, error, n=1, estimator=estimator, **{"kind": IWAE, **settings}
        )
        head = model.encoder.get_layer("log_var")
        kernel, bias = head.get_weights()
        tilt = 0.3 * np.random.default_rng(1).normal(size=kernel.shape)  # else log_var is a number
        head.set_weights([kernel + tilt, bias - (x.reshape(1, -1) @ tilt)[0]])
        found.append(gradients(model, np.repeat(x, N, axis=0)))
    return found[0], found[1]


@proof("mean gradient of the encoder over draws = that of the bound, for every beta")
def the_mean_is_that_of_the_bound():
    settings_of: list[dict[str, Any]]
    settings_of = [{"k": 3}, {"k": 3, "beta": 0.4}, {"kind": MIWAE, "m": 2, "k": 3}]
    for settings in settings_of:
        plain, double = both(**settings)
        yield mean_of(double - plain, 0.0)
        error = (double - plain).std(axis=0) / np.sqrt(N)
        yield at_most(error.max(), 0.1 * np.abs(double.mean(axis=0)).max())  # it can tell


@proof("variance of the encoder's gradient: less than that of the bound")
def the_noise_is_less():
    plain, double = both(0.1, k=5)
    yield at_most(double.var(axis=0).sum(), 0.5 * plain.var(axis=0).sum())
    plain, double = both(0.4, k=5)
    yield at_most(double.var(axis=0).sum(), 0.9 * plain.var(axis=0).sum())


@proof("where q is the true posterior: the gradient of each draw = 0; that of the bound is not")
def no_noise_at_the_optimum():
    model, x, _, _ = linear_gaussian(kind=IWAE, k=4, n=50, estimator="dreg")
    yield close(gradients(model, x), 0.0, atol=2e-4)
    model, x, _, _ = linear_gaussian(kind=IWAE, k=4, n=50)
    yield at_least(np.abs(gradients(model, x)).max(), 0.1)


@proof("loss, and the decoder's gradient of each batch = those of the bound")
def the_rest_is_the_bound():
    kinds: list[tuple[Any, dict[str, Any]]] = [(IWAE, {"k": 3}), (MIWAE, {"m": 2, "k": 3})]
    for kind, settings in kinds:
        found = []
        for estimator in ("plain", "dreg"):
            model = cases.made(kind, 0.2, estimator=estimator, **settings)
            batch = cases.batch_of(model, cases.images(5))
            loss, its = cases.loss_and_gradients(model, batch, training=True)
            of = {id(v) for v in model.decoder.trainable_variables}
            own = [g for v, g in zip(model.trainable_variables, its, strict=True) if id(v) in of]
            found.append((loss, own))
        (loss, own), (same, theirs) = found
        yield close(same, loss, rtol=1e-5)
        for mine, other in zip(own, theirs, strict=True):
            yield close(other, mine, rtol=1e-4, atol=1e-6)


@proof("evaluation = the plain estimator's, to the bit")
def evaluation_is_as_it_is():
    found = []
    for estimator in ("plain", "dreg"):
        model = cases.made(IWAE, 0.2, k=3, estimator=estimator)
        x = cases.images(5)
        batch = cases.batch_of(model, x)
        found.append(model.objective(batch, model.forward(batch))[0])
    return close(found[1], found[0])
