"""Proofs of the codes in a Poincare ball: the wrapped normal, as posterior and as prior."""

from typing import Any

import numpy as np
import tensorflow as tf
from scipy import stats

from aecli.latents import ball
from aecli.latents.posteriors.gaussian import Gaussian
from aecli.latents.posteriors.wrapped_normal import WrappedNormal
from aecli.latents.priors.ball import Ball
from aecli.proofs.base import at_most, close, mean_of, proof

C = 0.7
HEADS: Any = ("mean", "log_var")
NO_ENCODER: Any = None  # that the prior would be made of
MEAN, LOG_VAR = np.array([0.8, -0.5]), -1.0


def _normals(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def _f32(*arrays) -> Any:
    return [tf.constant(array, "float32") for array in arrays]


def _distance(x, y, c):
    """Between points [N, D], by the metric's closed form (Mathieu 2019)."""
    gap = np.sum((x - y) ** 2, -1)
    room = (1 - c * np.sum(x**2, -1)) * (1 - c * np.sum(y**2, -1))
    return np.arccosh(1 + 2 * c * gap / room) / np.sqrt(c)


def _log_density(z, mean, stddev, c):
    """Of an isotropic wrapped normal in two dimensions, by distances alone."""
    far = _distance(z, mean, c)
    of_plane = -0.5 * (far / stddev) ** 2 - np.log(2 * np.pi * stddev**2)
    return of_plane - np.log(np.sinh(np.sqrt(c) * far) / (np.sqrt(c) * far))


def _draws(n, c=C, log_var=LOG_VAR, scale=1.0, size=2):
    layer = WrappedNormal(curvature=c).layer((size,))
    mean = np.resize(MEAN, size)
    heads = dict(zip(HEADS, _f32(np.tile(mean, (n, 1)), np.full((n, size), log_var)), strict=True))
    z, log_q = layer.draw(heads, _f32(_normals(n, size))[0], scale)
    return np.asarray(z, "float64"), np.asarray(log_q, "float64"), np.asarray(layer.mode(heads))


def _grid(c):
    """-> points of the ball, and the volume of the cell around each: lambda(z)^2 dz."""
    far, around = np.meshgrid((np.arange(1500) + 0.5) * 12 / 1500, np.arange(300) * np.pi / 150)
    step = 12 / 1500 * np.pi / 150
    radius = np.tanh(0.5 * np.sqrt(c) * far) / np.sqrt(c)
    points = np.stack([radius * np.cos(around), radius * np.sin(around)], -1).reshape(-1, 2)
    return points, (np.sinh(np.sqrt(c) * far) / np.sqrt(c) * step).ravel()


@proof("log map of an exp map from the centre = the identity, up to 8 units of length")
def inverse():
    u = _normals(200, 3)
    u *= (np.linspace(0.01, 8, 200) / np.linalg.norm(u, axis=1))[:, None]
    for c in (0.1, 1.0):
        z = ball.exp_map(*_f32(np.zeros_like(u), u), c=c)
        yield close(ball.log_map(z, c), u, rtol=3e-4, atol=3e-4)


@proof("where an exp map leads is as far as it says = distance by arcosh; Moebius inverse")
def length():
    mean, u = 0.4 * _normals(100, 2), _normals(100, 2, seed=1)
    mean /= 1 + np.linalg.norm(mean, axis=1, keepdims=True)
    z = np.asarray(ball.exp_map(*_f32(mean, u), c=C), "float64")
    yield close(_distance(z, mean, C), np.linalg.norm(u, axis=1), rtol=1e-4)
    back = ball.moved(_f32(-mean)[0], ball.moved(*_f32(mean, z), c=C), C)
    yield close(back, z, atol=1e-5)


@proof("an exp map along its mean goes on along the same line, and keeps its axes")
def direction():
    mean = np.array([[0.5, 0.0]])
    start = 2 / np.sqrt(C) * np.arctanh(np.sqrt(C) * 0.5)
    known = np.tanh(0.5 * np.sqrt(C) * (start + 0.6)) / np.sqrt(C)
    yield close(ball.exp_map(*_f32(mean, [[0.6, 0.0]]), c=C), [[known, 0]], atol=1e-6)
    up = np.asarray(ball.exp_map(*_f32(mean, [[0.0, 0.01]]), c=C)) - mean
    yield close(up, [[0, 0.01 * (1 - C * 0.25) / 2]], atol=3e-5)


@proof("log q of draws = a density by distances alone")
def density():
    z, log_q, mean = _draws(300)
    yield close(log_q, _log_density(z, mean, np.exp(LOG_VAR / 2), C), atol=2e-4)
    z, log_q, mean = _draws(300, scale=0.4)
    yield close(log_q, _log_density(z, mean, 0.4 * np.exp(LOG_VAR / 2), C), atol=3e-4)


@proof("log p of the prior = that density about the centre; of its draws, the lengths are normal")
def prior():
    layer = Ball(curvature=C).layer((2,), (1, 1, 1))
    z = np.asarray(layer.sample(20_000, 0, NO_ENCODER), "float64")
    far = _distance(z, np.zeros((1, 2)), C)
    yield close(
        layer.log_prob(_f32(z[:200])[0], NO_ENCODER)[:200],
        _log_density(z[:200], np.zeros((1, 2)), 1.0, C),
        atol=3e-4,
    )
    yield mean_of(far**2, 2.0)
    yield mean_of(z, 0.0)


@proof("both densities, summed over the ball by its own volume = 1")
def integral():
    points, volume = _grid(C)
    log_p = Ball(curvature=C).layer((2,), (1, 1, 1)).log_prob(_f32(points)[0], NO_ENCODER)
    yield close(np.sum(np.exp(np.asarray(log_p, "float64")) * volume), 1.0, atol=2e-4)
    mean = _draws(1)[2]
    log_q = _log_density(points, mean, np.exp(LOG_VAR / 2), C)
    yield close(np.sum(np.exp(log_q) * volume), 1.0, atol=2e-4)


@proof("KL of 100,000 draws = its integral over the ball")
def kl():
    z, log_q, mean = _draws(100_000)
    log_p = Ball(curvature=C).layer((2,), (1, 1, 1)).log_prob(_f32(z)[0], NO_ENCODER)
    points, volume = _grid(C)
    q = _log_density(points, mean[:1], np.exp(LOG_VAR / 2), C)
    p = _log_density(points, np.zeros((1, 2)), 1.0, C)
    return mean_of(log_q - np.asarray(log_p), np.sum(np.exp(q) * (q - p) * volume))


@proof("a curvature of 1e-6: twice the code, log q, log p = those of the Gaussian VAE")
def flat():
    z, log_q, _ = _draws(50, c=1e-6, size=4)
    n = 50
    given = _f32(np.tile(np.resize(MEAN, 4), (n, 1)), np.full((n, 4), LOG_VAR))
    pairs = dict(zip(HEADS, given, strict=True))
    expected, of_gaussian = Gaussian().layer((4,)).draw(pairs, _f32(_normals(n, 4))[0])
    yield close(2 * z, expected, atol=1e-5)
    yield close(log_q, of_gaussian, atol=1e-4)
    log_p = Ball(curvature=1e-6).layer((4,), (1, 1, 1)).log_prob(_f32(z)[0], NO_ENCODER)
    yield close(log_p, stats.norm.logpdf(expected).sum(1), atol=1e-4)
    layer = WrappedNormal(curvature=1e-6).layer((4,))
    yield close(layer.seen(_f32(z)[0]), expected, atol=1e-5)


@proof("codes far beyond the edge: inside the ball, finite, drawn in by the gradient")
def edge():
    for far in (1.0, 13.0, 1e4):
        mean, u = _f32([[far, 0.0, 0.0]], [[0.0, far, 1.0]])
        with tf.GradientTape() as tape:
            tape.watch([mean, u])
            z = ball.exp_map(ball.exp_map(tf.zeros_like(mean), mean, C), u, C)
            log_p = ball.wrapped_log_prob(ball.log_map(z, C), 0.0, C)
        slopes = [np.asarray(slope) for slope in tape.gradient(log_p, [mean, u])]
        yield at_most(np.linalg.norm(z) * np.sqrt(C), 1.0)
        yield at_most(np.abs(np.concatenate([log_p, *(s.ravel() for s in slopes)])).max(), 1e9)
    outside = ball.inside(*_f32([[3.0, 4.0]]), c=1.0)
    yield close(outside, [[0.6, 0.8]], atol=1e-4)
    yield close(ball.inside(*_f32([[0.3, 0.4]]), c=1.0), [[0.3, 0.4]], atol=1e-7)


@proof("beyond the edge the bound goes on: KL of wide draws = the Gaussians'; lengths by float64")
def beyond():
    n, size, stddev = 20_000, 5, 12.0
    layer = WrappedNormal(curvature=C).layer((size,))
    log_var = np.full((n, size), 2 * np.log(stddev))
    heads: Any = dict(zip(HEADS, _f32(np.zeros((n, size)), log_var), strict=True))
    z, log_q = layer.draw(heads, _f32(_normals(n, size))[0])
    log_p = Ball(curvature=C).layer((size,), (1, 1, 1)).log_prob(z, NO_ENCODER)
    of_normals = size / 2 * (stddev**2 - 1 - 2 * np.log(stddev))
    yield mean_of(np.asarray(log_q - log_p, "float64"), of_normals)

    mean, u = 7 * _normals(100, 3), 7 * _normals(100, 3, seed=1)
    given: Any = [tf.constant(v / np.sqrt(C) * np.tanh(h) / np.linalg.norm(v, axis=1)[:, None])
                  for v in (mean, u)
                  for h in [0.5 * np.sqrt(C) * np.linalg.norm(v, axis=1)[:, None]]]  # fmt: skip
    far = _distance(np.asarray(ball.moved(*given, c=C)), np.zeros((1, 3)), C)
    edge, is_seen = ball.FAR / np.sqrt(C), far * np.sqrt(C) < 28  # of what float64 tells apart
    far = np.maximum(far, edge)
    spread = [np.log(np.sinh(np.sqrt(C) * d) / (np.sqrt(C) * d)) for d in (edge, far)]
    known = 0.5 * (far**2 - edge**2) + 2 * (spread[1] - spread[0])
    found = np.asarray(ball.drawn_in(*_f32(mean, u), c=C))
    yield close(found[is_seen], known[is_seen], rtol=1e-3, atol=1e-3)
    yield at_most(-np.sum(is_seen & (known > 1)), -20)
    yield at_most(np.abs(found[known == 0]).max(initial=0.0), 0.0)
