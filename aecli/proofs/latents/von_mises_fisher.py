"""Proofs of the codes on a sphere: von Mises-Fisher and uniform."""

from typing import Any

import numpy as np
import tensorflow as tf
from scipy import special, stats

from aecli.latents import sphere
from aecli.latents.posteriors.von_mises_fisher import VonMisesFisher
from aecli.latents.priors.sphere import Sphere
from aecli.proofs.base import close, mean_of, proof

SIZES = (2, 3, 4, 9, 20, 64, 128)
CONCENTRATIONS = np.array([0.01, 0.3, 1, 3, 10, 40, 200, 1e3, 1e4])


def _bessel(m: int) -> tuple[np.ndarray, np.ndarray]:
    """-> log E exp(k (cos t - 1)), E cos t by SciPy."""
    v, k = m / 2 - 1, CONCENTRATIONS
    log_partition = special.gammaln(v + 1) + v * np.log(2 / k) + np.log(special.ive(v, k))
    return log_partition, special.ive(v + 1, k) / special.ive(v, k)


def _known(m: int) -> np.ndarray:
    """Concentrations at which SciPy's Bessel functions are numbers: all but small ones in 128."""
    return special.ive(m / 2 - 1, CONCENTRATIONS) > 1e-300


def _heads(mean, k) -> dict:
    """k above the floor of 1, of a posterior that has it."""
    above = np.asarray(k, "float64")[:, None] - 1
    concentration = above + np.log(-np.expm1(-above))  # softplus's inverse
    pair = {"mean": np.asarray(mean), "concentration": concentration}
    return {name: tf.constant(value, "float32") for name, value in pair.items()}


def _drawn(mean, k: float, n: int, scale=1.0):
    """-> n codes, their log q, the mean direction."""
    mean = np.asarray(mean, "float64")
    epsilon = np.random.default_rng(0).normal(size=(n, len(mean))).astype("float32")
    heads = _heads(np.tile(mean, (n, 1)), np.full(n, k))
    z, log_q = VonMisesFisher().layer((len(mean),)).draw(heads, epsilon, scale)
    return np.asarray(z, "float64"), np.asarray(log_q, "float64"), mean / np.linalg.norm(mean)


VON_MISES_FISHER: Any = stats.vonmises_fisher  # whose types are wrong
NO_ENCODER: Any = None  # that the prior would be made of
MEAN = [3.0, -1, 2, 0.5, 1]


@proof("log normaliser, orders 0 to 63 = SciPy's exponentially scaled Bessel functions")
def normaliser():
    for m in SIZES:
        k, known = tf.constant(CONCENTRATIONS, "float32"), _known(m)
        ours = sphere.log_partition(k, m).numpy()
        yield close(ours[known], _bessel(m)[0][known], rtol=1e-6, atol=3e-6)


@proof("E cos t, and the normaliser's derivative = the ratio of two Bessel functions")
def ratio():
    for m in SIZES:
        k, known = tf.constant(CONCENTRATIONS, "float32"), _known(m)
        with tf.GradientTape() as tape:
            tape.watch(k)
            value = sphere.log_partition(k, m)
        slope, known_gap = np.asarray(tape.gradient(value, k)), 1 - _bessel(m)[1]
        yield close(sphere.mean_gap(k, m).numpy()[known], known_gap[known], rtol=1e-4, atol=1e-6)
        yield close(-slope[known], known_gap[known], rtol=1e-4, atol=1e-6)


@proof("KL to uniform on the sphere of 3 = k coth k - 1 - log(sinh(k) / k)")
def kl_in_three():
    k = np.array([0.05, 0.5, 2, 8, 30])
    known = k / np.tanh(k) - 1 - np.log(np.sinh(k) / k)
    return close(sphere.kl_to_uniform(tf.constant(k, "float32"), 3), known, rtol=1e-5, atol=1e-6)


@proof("KL to uniform at a concentration of 0 = 0, and its derivative = k Var(cos t) in 3")
def kl_at_zero():
    for m in SIZES:
        yield close(sphere.kl_to_uniform(tf.zeros(1), m), [0.0], atol=2e-6)
    k = tf.constant([0.5, 2.0, 8.0])
    with tf.GradientTape() as tape:
        tape.watch(k)
        value = sphere.kl_to_uniform(k, 3)
    known = k.numpy() * (1 / k.numpy() ** 2 - 1 / np.sinh(k.numpy()) ** 2)
    yield close(tape.gradient(value, k), known, rtol=1e-4)


@proof("entropy, and log q of draws = SciPy's von Mises-Fisher")
def density():
    z, log_q, mean = _drawn(MEAN, 7.0, 50)
    of_scipy = VON_MISES_FISHER(mean, 7.0)
    layer, heads = VonMisesFisher().layer((5,)), _heads(np.tile(MEAN, (50, 1)), np.full(50, 7.0))
    unit = z / np.linalg.norm(z, axis=1, keepdims=True)
    yield close(log_q, of_scipy.logpdf(unit), atol=2e-5)
    yield close(layer.log_prob(z.astype("float32"), heads), of_scipy.logpdf(unit), atol=2e-5)
    yield close(layer.entropy(heads), of_scipy.entropy(), rtol=1e-5)
    yield close(layer.mode(heads), np.tile(mean, (50, 1)), atol=1e-6)


@proof("k = softplus(head) + floor; a scale of the noise divides it by its square")
def concentration():
    layer = VonMisesFisher(floor=0.25).layer((5,))
    head = np.array([-2.0, 0, 3])
    found = layer.concentration({"concentration": tf.constant(head[:, None], "float32")})
    yield close(found, np.logaddexp(0, head) + 0.25, rtol=1e-6)
    wide, log_q, mean = _drawn(MEAN, 7.0, 50, scale=0.5)
    unit = wide / np.linalg.norm(wide, axis=1, keepdims=True)
    yield close(log_q, VON_MISES_FISHER(mean, 28.0).logpdf(unit), atol=5e-5)


@proof("|z| = 1 of every draw, and of codes that are drawn in")
def lengths():
    for k in (1.01, 5.0, 1e3):
        yield close(np.linalg.norm(_drawn(MEAN, k, 500)[0], axis=1), 1.0, atol=1e-6)
    outside = VonMisesFisher().layer((3,)).nearest(tf.constant([[3.0, 0, -4]]))
    yield close(outside, [[0.6, 0, -0.8]], atol=1e-6)


@proof("E z of 30,000 draws = I_(m/2)(k) / I_(m/2-1)(k) times the mean direction")
def mean_of_draws():
    for k in (1.5, 20.0):
        z, _, mean = _drawn(MEAN, k, 30_000)
        yield mean_of(z, special.ive(2.5, k) / special.ive(1.5, k) * mean)


@proof("second moment across the mean of 30,000 draws = (1 - E cos^2 t) / 4, each way")
def turns():
    z, _, mean = _drawn(MEAN, 5.0, 30_000)
    across = np.linalg.svd(mean[None])[2][1:]
    square = 1 - 4 * special.ive(2.5, 5.0) / special.ive(1.5, 5.0) / 5  # E cos^2 t
    yield mean_of(np.square(z @ across.T), (1 - square) / 4)
    yield mean_of((z @ across[0]) * (z @ across[1]), 0)


@proof("KL to uniform = mean of log q - log p of 30,000 draws")
def kl_of_draws():
    z, log_q, _ = _drawn(MEAN, 5.0, 30_000)
    log_p = Sphere().layer((5,), (1, 1, 1)).log_prob(z.astype("float32"), NO_ENCODER)
    kl = sphere.kl_to_uniform(tf.constant([5.0]), 5).numpy().item()
    yield mean_of(log_q - np.asarray(log_p), kl)


@proof("angle of a normal, m = 3 = arccos(1 + log(u + (1 - u) exp(-2k)) / k)")
def quantile():
    a, k = np.meshgrid(np.linspace(-3.5, 3.5, 15), [0.2, 2.0, 30.0])
    a, k = a.ravel(), k.ravel()
    w = 1 + np.log(stats.norm.cdf(a) + stats.norm.sf(a) * np.exp(-2 * k)) / k
    ours = sphere.angle(tf.constant(a, "float32"), tf.constant(k, "float32"), 3)
    yield close(ours, np.arccos(w), rtol=3e-4, atol=1e-5)


@proof("quantile of 2, 9 and 128 dimensions = SciPy's integral of the density")
def quantile_in_any():
    a = np.array([-3.0, -1, 0.3, 2.5])
    for m in (2, 9, 128):
        for k in (0.1, 4.0, 150.0):
            t = sphere.angle(tf.constant(a, "float32"), tf.fill([4], np.float32(k)), m).numpy()
            grid = np.linspace(0, np.pi, 200_001)
            log_p = (m - 2) * np.log(np.sin(grid[1:-1])) + k * np.cos(grid[1:-1])
            beyond = 1 - np.cumsum(np.exp(log_p - log_p.max())) / np.exp(log_p - log_p.max()).sum()
            yield close(np.interp(t, grid[1:-1], beyond), stats.norm.cdf(a), rtol=2e-3, atol=1e-5)


@proof("gradient of an angle, m = 3 = difference of the closed form, by k and by the normal")
def gradient_of_angle():
    pairs = [(-1.0, 0.5), (0.4, 3.0), (2.0, 20.0)]
    a, k = (np.array(values) for values in zip(*pairs, strict=True))

    def closed(a, k):
        w = 1 + np.log(stats.norm.cdf(a) + stats.norm.sf(a) * np.exp(-2 * k)) / k
        return np.arccos(w)

    given = tf.constant(a, "float32"), tf.constant(k, "float32")
    with tf.GradientTape() as tape:
        tape.watch(given)
        t = sphere.angle(*given, 3)
    by_a, by_k = tape.gradient(t, given)
    step = 1e-5
    yield close(by_a, (closed(a + step, k) - closed(a - step, k)) / (2 * step), rtol=2e-3)
    yield close(by_k, (closed(a, k + step) - closed(a, k - step)) / (2 * step), rtol=2e-3)


@proof("gradient of E f(z) through 40,000 draws = derivative of f's closed form, E mean'z")
def gradient_through_draws():
    n = 40_000
    epsilon = np.random.default_rng(1).normal(size=n).astype("float32")
    ks = tf.fill([n], 4.0)
    with tf.GradientTape() as tape:
        tape.watch(ks)
        value = tf.cos(sphere.angle(tf.constant(epsilon), ks, 5))
    slopes = tape.gradient(value, ks)
    ratio = special.ive(2.5, 4.0) / special.ive(1.5, 4.0)
    return mean_of(slopes, 1 - ratio**2 - ratio)  # 4 / k = 1


@proof("uniform density, times the area of circle and sphere = 1; its draws have no mean")
def uniform():
    for m, area in ((2, 2 * np.pi), (3, 4 * np.pi), (4, 2 * np.pi**2)):
        layer = Sphere().layer((m,), (1, 1, 1))
        yield close(area * np.exp(layer.log_prob(tf.ones((2, m)), NO_ENCODER)), 1.0, rtol=1e-6)
    z = np.asarray(layer.sample(20_000, 0, NO_ENCODER), "float64")
    yield close(np.linalg.norm(z, axis=1), 1.0, atol=1e-6)
    yield mean_of(z, 0)
    yield mean_of(np.square(z), 0.25)


@proof("density summed over a grid on the sphere of 3 = 1")
def integral():
    polar, around = np.meshgrid((np.arange(400) + 0.5) * np.pi / 400, np.arange(200) * np.pi / 100)
    points = np.stack(
        [np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar)], -1
    ).reshape(-1, 3)
    heads = _heads(np.tile([1.0, 2, -1], (len(points), 1)), np.full(len(points), 6.0))
    log_q = VonMisesFisher().layer((3,)).log_prob(points.astype("float32"), heads)
    area = np.sin(polar).ravel() * np.pi / 400 * np.pi / 100
    return close(np.sum(np.exp(np.asarray(log_q, "float64")) * area), 1.0, atol=1e-4)
