"""Proofs of the focal frequency loss."""

import numpy as np
import tensorflow as tf

from aecli.losses.focal_frequency import FocalFrequency, squared_spectrum
from aecli.losses.mse import MSE
from aecli.proofs.base import close, proof

X, PARAMS = np.random.default_rng(0).normal(size=(2, 3, 5, 4, 2)).astype("float32")


def _by_hand(alpha: float) -> np.ndarray:
    """Of each image and channel, with NumPy's transform."""
    squares = np.abs(np.fft.fft2((X - PARAMS).astype("float64"), axes=(1, 2), norm="ortho")) ** 2
    weights = squares ** (alpha / 2)
    weights /= weights.max(axis=(1, 2), keepdims=True)
    return (weights * squares).sum((1, 2, 3))


@proof("loss = NumPy's transform weighted by hand, for three alphas")
def by_hand():
    return [close(FocalFrequency(alpha=a)(X, PARAMS), _by_hand(a), rtol=1e-4) for a in (0.5, 1, 2)]


@proof("with alpha 0 = the squared error (Parseval); else it is less")
def parseval():
    yield close(FocalFrequency(alpha=0)(X, PARAMS), MSE()(X, PARAMS), rtol=1e-5)
    yield close(np.sum(squared_spectrum(X), (1, 2, 3)), np.square(X).sum((1, 2, 3)), rtol=1e-5)


@proof("gradient = with the weights held, by hand")
def gradient():
    params = tf.constant(PARAMS)
    with tf.GradientTape() as tape:
        tape.watch(params)
        total = tf.reduce_sum(FocalFrequency()(X, params))
    spectrum = np.fft.fft2((PARAMS - X).astype("float64"), axes=(1, 2), norm="ortho")
    weights = np.abs(spectrum) / np.abs(spectrum).max(axis=(1, 2), keepdims=True)
    known = 2 * np.fft.ifft2(weights * spectrum, axes=(1, 2), norm="ortho").real
    return close(tape.gradient(total, params), known, atol=1e-5)


@proof("equal images, in whole or in a channel: loss and gradient = 0, nothing is infinite")
def edges():
    made = X.copy()
    made[..., 1] += 0.3
    for params, known in ((X, 0.0), (made, 20 * 0.09)):
        value = tf.constant(params)
        with tf.GradientTape() as tape:
            tape.watch(value)
            loss = FocalFrequency()(X, value)
        yield close(loss, known, rtol=1e-4, atol=1e-9)
        found = np.asarray(tape.gradient(loss, value))
        yield close(found[..., 0], 0.0, atol=1e-6)
        yield close(found[..., 1], 0.6 if known else 0.0, atol=1e-4)
