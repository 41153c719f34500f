"""Proofs of MS-SSIM: against TensorFlow's, and its edges."""

import math

import numpy as np
import tensorflow as tf

from aecli.losses.ms_ssim import MSSSIM, WEIGHTS, fitting, ms_ssim
from aecli.proofs import cases
from aecli.proofs.base import at_most, close, proof, same


def _pair(side: int, channels: int = 1, spread: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """Smooth images, and the same with noise, both in [0, 1]."""
    x = cases.images(4, (side, side, channels))
    noise = spread * np.random.default_rng(1).normal(size=x.shape)
    return x, np.clip(x + noise, 0, 1).astype("float32")


@proof("1 - loss / (weight D) = tf.image's MS-SSIM, of 1 to 4 scales, of 3 channels too")
def tensorflows():
    for side, levels, window, channels in ((8, 1, 7, 1), (24, 2, 11, 3), (48, 4, 5, 2)):
        x, y = _pair(side, channels)
        weights = np.array(WEIGHTS[:levels]) / sum(WEIGHTS[:levels])
        known = tf.image.ssim_multiscale(x, y, 1.0, weights.tolist(), filter_size=window)
        yield close(ms_ssim(x, y, levels, window), known, atol=2e-5)
        loss = MSSSIM(weight=0.5, levels=levels, window=window, activation="linear")
        yield close(loss(x, y) / (0.5 * math.prod(x.shape[1:])), 1 - known.numpy(), atol=2e-5)


@proof("all scales, with the published weights, = tf.image's as it stands")
def five_scales():
    x, y = _pair(48)
    known = tf.image.ssim_multiscale(x, y, 1.0, filter_size=3)
    return close(MSSSIM(window=3, activation="linear")(x, y), 48 * 48 * (1 - known.numpy()), 1e-3)


@proof("equal images: loss and gradient = 0; an inverted image: finite, and above D/2")
def edges():
    x, _ = _pair(16)
    loss, params = MSSSIM(levels=2, window=7, activation="linear"), tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(params)
        value = loss(x, params)
    yield close(value, 0.0, atol=1e-3)
    yield close(tape.gradient(value, params), 0.0, atol=2e-2)
    for far in (1 - x, np.zeros_like(x), np.ones_like(x)):
        params = tf.constant(far)
        with tf.GradientTape() as tape:
            tape.watch(params)
            value = loss(x, params)
        yield close(np.isfinite(np.asarray(tape.gradient(value, params))), 1)
    yield at_most(128.0, np.min(loss(x, 1 - x)))
    flat = np.full_like(x, 0.5)  # no contrast at all
    yield close(loss(flat, flat), 0.0, atol=1e-3)


@proof("gradient = central differences")
def gradient():
    x, y = _pair(16)
    loss, params = MSSSIM(window=7, activation="linear"), tf.constant(y)
    with tf.GradientTape() as tape:
        tape.watch(params)
        value = tf.reduce_sum(loss(x, params))
    way = np.random.default_rng(2).normal(size=y.shape).astype("float32")
    ends = [float(np.sum(loss(x, y + e * way))) for e in (1e-2, -1e-2)]
    return close(np.sum(tape.gradient(value, params) * way), (ends[0] - ends[1]) / 2e-2, rtol=2e-2)


@proof("scales that fit = as many as leave the last image a window, 5 at most")
def scales():
    known = {8: 1, 11: 1, 21: 1, 22: 2, 28: 2, 44: 3, 87: 3, 175: 4, 176: 5, 5000: 5}
    return [same(fitting(side, 11), number) for side, number in known.items()]
