"""Proofs of the maximum mean discrepancy of codes to the prior."""

import itertools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aecli.losses.mse import MSE
from aecli.models.batch import Batch
from aecli.models.mmd import kernel_of, mean_of_others, mmd_terms
from aecli.models.wae import WAE
from aecli.networks.mlp import MLP
from aecli.proofs.base import at_least, close, mean_of, proof, same

KERNELS = ("imq", "rbf")
D = 3  # units of a code


def _imq(x, y) -> float:
    return sum(2 * D * s / (2 * D * s + ((x - y) ** 2).sum()) for s in (0.1, 0.2, 0.5, 1, 2, 5, 10))


def _rbf(x, y) -> float:
    return np.exp(-((x - y) ** 2).sum() / (2 * D))


BY_HAND: dict[Any, Callable] = {"imq": _imq, "rbf": _rbf}


def _of_others(k: Callable, x) -> float:
    return float(np.mean([k(a, b) for a, b in itertools.permutations(x, 2)]))


def _of_pairs(k: Callable, x, y) -> float:
    return float(np.mean([k(a, b) for a, b in itertools.product(x, y)]))


def _terms(kernel: Any, z, prior):
    return mmd_terms(kernel, z, prior, z, prior, np.eye(len(z), dtype=bool))


def _draws(n: int, seed: int = 0) -> tuple:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, D)).astype("float32"), rng.normal(size=(n, D)).astype("float32")


def _model(**settings) -> WAE:
    keras.utils.set_random_seed(1)
    return WAE(
        data_shape=(2, 3, 1), network=MLP(widths=[4]), reconstruction_loss=MSE(), latent_dim=D,
        **settings,
    )  # fmt: skip


def _shifted(shift) -> float:
    """MMD^2 of N(shift, I) and N(0, I) under exp(-r^2 / 2 D), in closed form."""
    widened = D + 2  # E of exp(-r^2 / 2 h^2), r of N(delta, 2 I), with h^2 = D
    return 2 * (D / widened) ** (D / 2) * (1 - np.exp(-(shift @ shift) / (2 * widened)))


@proof("kernels = NumPy's, pair by pair")
def kernels():
    x, y = _draws(6)
    for kernel, k in BY_HAND.items():
        yield close(kernel_of(kernel, x, y[:4]), [[k(a, b) for b in y[:4]] for a in x], rtol=1e-4)


@proof("mean of a batch's terms = the U-statistic by double loops")
def statistic():
    z, prior = _draws(7)
    z = 0.5 * z + 0.7
    for kernel, k in BY_HAND.items():
        known = _of_others(k, z) + _of_others(k, prior) - 2 * _of_pairs(k, z, prior)
        yield close(np.mean(_terms(kernel, z, prior)), known, rtol=1e-4)
    yield same(_terms("imq", z[:1], prior[:1]), 0)  # of one there is none


@proof("mean over 3,000 batches of codes of the prior's own law = 0")
def one_law():
    for kernel in KERNELS:
        step = tf.function(lambda z, p, kernel=kernel: tf.reduce_mean(_terms(kernel, z, p)))
        yield mean_of([step(*_draws(8, seed)) for seed in range(3000)], 0)


@proof("mean over 3,000 batches of shifted codes = the closed form, Gaussian kernel")
def shifted():
    shift = np.array([0.8, -0.3, 0.2], "float32")
    step = tf.function(lambda z, p: tf.reduce_mean(_terms("rbf", z + shift, p)))
    yield mean_of([step(*_draws(8, seed)) for seed in range(3000)], _shifted(shift))


@proof("codes far from the prior: the term is above 0, and its gradient pulls them in")
def sign():
    z, prior = _draws(20)
    z = tf.constant(z + 2)
    for kernel in KERNELS:
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = tf.reduce_mean(_terms(kernel, z, prior))
        yield at_least(value, 0.1)
        yield at_least(np.sum(tape.gradient(value, z), axis=0).min(), 0.05)  # back to 0


@proof("gradient of the parts of two replicas = that of the U-statistic of the whole batch")
def replicas():
    z, prior = (tf.constant(one) for one in _draws(7))
    is_own = np.eye(7, dtype=bool)
    for kernel in KERNELS:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(z)
            parts = [
                tf.reduce_sum(mmd_terms(kernel, z[r], prior[r], z, prior, is_own[r])) / 7
                for r in (slice(0, 3), slice(3, 7))
            ]
            total = tf.add_n(parts)
            off = 1 - tf.eye(7)
            whole = tf.reduce_sum(off * kernel_of(kernel, z, z)) / 42
            whole -= 2 * tf.reduce_mean(kernel_of(kernel, z, prior))
        yield close(tape.gradient(total, z), tape.gradient(whole, z), rtol=1e-3, atol=1e-6)


@proof("gradient of a model's term = differences of the statistic")
def gradient():
    z, prior = _draws(6)
    step = np.random.default_rng(1).normal(size=z.shape).astype("float32")
    for kernel in KERNELS:
        model, moved = _model(kernel=kernel), tf.constant(z)
        with tf.GradientTape() as tape:
            tape.watch(moved)
            value = tf.reduce_mean(model.mmd(moved, prior, training=True))
        slope = np.sum(tape.gradient(value, moved) * step)
        above, below = (np.mean(_terms(kernel, z + h * step, prior)) for h in (0.02, -0.02))
        yield close(slope, (above - below) / 0.04, rtol=2e-2)


@proof("terms in evaluation = by double loops over the remembered codes, whatever the batch")
def evaluation():
    for kernel, k in BY_HAND.items():
        model = _model(kernel=kernel, remembered_codes=6)
        codes, z = (0.5 * one + 0.3 for one in _draws(8))
        yield same(model.mmd(z, None, training=False), np.zeros(8))  # none is known yet
        model.mmd(codes[:4], codes[:4], training=True)
        for seen in (codes[:4], np.concatenate([codes[4:8], codes[:2]])):
            p = model.prior_draws
            rest = _of_others(k, p) - _of_others(k, seen)
            known = [2 * _of_pairs(k, [one], seen) - 2 * _of_pairs(k, [one], p) for one in z]
            found = model.mmd(z[:3], None, training=False)
            yield close(found, np.array(known)[:3] + rest, rtol=1e-3, atol=1e-5)
            model.mmd(codes[4:8], codes[4:8], training=True)


@proof("mean of evaluation's terms over 150 choices of codes and draws = the closed form")
def evaluation_is_unbiased():
    shift, found = np.array([0.8, -0.3, 0.2], "float32"), []
    model = _model(kernel="rbf", remembered_codes=12)
    others = tf.eye(12, dtype="bool")
    for seed in range(150):
        (z, p), (codes, _) = _draws(12, 2 * seed), _draws(12, 2 * seed + 1)
        within = tf.reduce_mean(mean_of_others("rbf", p, p, others))
        model.prior_draws, model.within_prior = p, float(within)
        model.mmd(codes + shift, codes, training=True)
        found.append(np.mean(model.mmd(z + shift, None, training=False)))
    yield mean_of(found, _shifted(shift))


@proof("a model's prior draws are standard normals, and their U-statistic is as by double loops")
def fixed_draws():
    model = _model(remembered_codes=40)
    yield close(model.within_prior, _of_others(_imq, model.prior_draws), rtol=1e-4)
    many = _model(remembered_codes=4000, kernel="rbf").prior_draws
    yield mean_of(many, 0)
    yield mean_of(many**2, 1)


@proof("a model's term of a batch = the statistic of its codes and its draws")
def of_a_model():
    model = _model()
    x = np.random.default_rng(0).normal(size=(9, 2, 3, 1)).astype("float32")
    batch = Batch(x, x, model.frozen_draws(9))
    out = model.forward(batch, training=True)
    z, prior = model.encode(x), batch.draws["prior"]
    known = _of_others(_imq, z) + _of_others(_imq, prior) - 2 * _of_pairs(_imq, z, prior)
    yield close(np.mean(model.penalties(batch, out, training=True)["mmd"][1]), known, rtol=1e-4)
