"""Proofs of the beta-TC-VAE."""

import itertools
import math
from typing import Any

import numpy as np
import tensorflow as tf
from scipy import special, stats

from aecli.divergences import gaussian_kl
from aecli.models.batch import Batch
from aecli.models.beta_tc_vae import (
    BetaTCVAE,
    log_mixture,
    stratified,
    unit_log_probs,
    weighted,
)
from aecli.proofs.base import Finding, at_least, close, mean_of, proof
from aecli.proofs.cases import small, terms_of

SIZES = [(5, 1000), (5, 5), (2, 3), (1, 7), (1, 1)]  # B, N


def _model(**settings: Any) -> tuple[BetaTCVAE, Batch]:
    settings = {"train_count": 100} | settings
    return small(BetaTCVAE, **settings)


def _mixture(count: int, seed: int = 0) -> np.ndarray:
    """Heads [count, 2, 3] of Gaussians that overlap in part."""
    rng = np.random.default_rng(seed)
    heads = np.stack([rng.normal(size=(count, 3)), rng.uniform(-3, 0, (count, 3))], axis=1)
    return heads.astype("float32")


def _codes(count: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(count, 3)).astype("float32")


def _by_hand(z, heads, log_weights) -> tuple[np.ndarray, np.ndarray]:
    """log q(z) and sum_j log q(z_j) of z [B, 3] by SciPy; log_weights: [B, K]."""
    units = stats.norm.logpdf(z[:, None], heads[:, 0], np.exp(heads[:, 1] / 2))
    joint = np.asarray(special.logsumexp(units.sum(2) + log_weights, axis=1))
    each = np.asarray(special.logsumexp(units + log_weights[:, :, None], axis=1))
    return joint, each.sum(1)


@proof("stratified weights of a row sum to 1, that of its own example is 1/N")
def stratified_weights():
    for size, count in SIZES:
        weights = np.exp(stratified(np.eye(size, dtype=bool), count))
        yield close(weights.sum(1), np.ones(size), rtol=1e-6)
        yield close(np.diag(weights), 1 / count if size > 1 else 1, rtol=1e-6)
    rows = np.exp(stratified(np.eye(5, dtype=bool)[1:3], 1000))  # of a replica
    yield close(rows, np.exp(stratified(np.eye(5, dtype=bool), 1000))[1:3], rtol=1e-6)


@proof("stratified weights = Chen's, averaged over which other example has 1/M - 1/N")
def chen():
    size, count = 5, 1000
    others, found = size - 1, np.zeros((size, size))
    for row in range(size):
        for special_one in set(range(size)) - {row}:
            weights = np.full(size, 1 / others)
            weights[row], weights[special_one] = 1 / count, (count - others) / (count * others)
            found[row] += weights / others
    yield close(np.exp(stratified(np.eye(size, dtype=bool), count)), found, rtol=1e-5)


@proof("the variant of stride B, whose row sums reach 1.25, is another one")
def stride():
    size, count = 5, 1000
    others = size - 1
    wrong = np.full(size * size, 1 / others)
    wrong[::size], wrong[1::size] = 1 / count, (count - others) / (count * others)
    wrong = wrong.reshape(size, size)
    wrong[size - 2, 0] = (count - others) / (count * others)
    yield close(wrong.sum(1).max(), 1.25, atol=0.01)
    ours = np.exp(stratified(np.eye(size, dtype=bool), count))
    yield at_least(np.abs(np.diag(ours) - np.diag(wrong))[1:].min(), 0.2)


@proof("with B = N log q(z) = that of the mixture of 50 Gaussians, by brute force")
def exact():
    heads, z = _mixture(50), _codes(50)
    found = log_mixture(unit_log_probs(z, heads), stratified(np.eye(50, dtype=bool), 50))
    for ours, known in zip(
        found, _by_hand(z, heads, np.full((50, 50), -math.log(50))), strict=True
    ):
        yield close(ours, known, rtol=1e-5)


@proof("mean of the stratified q(z) over every batch of 3 of 6 examples = q(z)")
def unbiased():
    heads, z = _mixture(6), _codes(1)
    is_own, found = np.eye(3, dtype=bool)[:1], []
    for others in itertools.combinations(range(1, 6), 2):
        of_batch = heads[[0, *others]]
        found.append(log_mixture(unit_log_probs(z, of_batch), stratified(is_own, 6))[0])
    known = _by_hand(z, heads, np.full((1, 6), -math.log(6)))[0]
    yield close(np.exp(found).mean(0), np.exp(known), rtol=1e-5)


@proof("log q(z) by weighted sampling = log sum_k q(z|x_k) - log(N B)")
def by_weighted_sampling():
    heads, z = _mixture(7), _codes(7)
    found = log_mixture(unit_log_probs(z, heads), weighted(np.eye(7, dtype=bool), 90))
    for ours, known in zip(found, _by_hand(z, heads, np.full((7, 7), -math.log(630))), strict=True):
        yield close(ours, known, rtol=1e-5)


@proof("mi + tc + dim_kl = log q(z|x) - log p(z), of the same draws")
def telescoping():
    for estimator, scale in itertools.product(("mss", "mws"), (1.0, 0.5)):
        model, batch = _model(estimator=estimator, epsilon_std=scale)
        for training in (True, False):
            out = model.forward(batch)
            z, sd = out["z"].numpy(), scale * np.exp(out["log_var"] / 2)
            known = stats.norm.logpdf(z, out["mean"], sd).sum(1) - stats.norm.logpdf(z).sum(1)
            yield close(sum(terms_of(model, batch, training).values()), known, rtol=1e-4, atol=1e-5)


@proof("loss = reconstruction + 2 mi + 3 tc + 5 dim_kl, in a warm-up a quarter of them")
def weights():
    model, batch = _model(alpha=2.0, beta=3.0, gamma=5.0, warmup_epochs=4)
    for progress, share in ((None, 1), (1.0, 0.25)):
        batch = batch._replace(progress=progress)
        loss, terms, _ = model.objective(batch, model.forward(batch), training=True)
        names = ["reconstruction", "mi", "tc", "dim_kl"]
        of_each = np.array([1, 2 * share, 3 * share, 5 * share])
        yield close(loss, of_each @ np.stack([terms[name] for name in names]), rtol=1e-5)


@proof("with all weights 1 the mean of the terms over 4,000 draws = the VAE's KL")
def is_a_vae():
    model, batch = _model(beta=1.0)
    draws, found = np.random.default_rng(0).normal(size=(4000, 20, 3)).astype("float32"), []
    heads = model.encoder(batch.x)
    known = gaussian_kl(heads["mean"], heads["log_var"])
    step = tf.function(lambda z: sum(terms_of(model, batch._replace(draws={"z": z})).values()))
    for drawn in draws:
        found.append(step(drawn))
    yield mean_of(found, known)


@proof("terms in training = by hand, of the batch's posteriors and the stratified weights")
def trainingterms_of():
    model, batch = _model(epsilon_std=0.5)
    out = model.forward(batch)
    heads = np.stack([out["mean"], out["log_var"] + 2 * math.log(0.5)], axis=1)
    log_weights = np.full((20, 20), math.log(0.99 / 19))
    np.fill_diagonal(log_weights, math.log(0.01))
    joint, marginals = _by_hand(out["z"].numpy(), heads, log_weights)
    terms = terms_of(model, batch)
    yield close(terms["tc"], joint - marginals, rtol=1e-4, atol=1e-5)
    log_p = stats.norm.logpdf(out["z"]).sum(1)
    yield close(terms["dim_kl"], marginals - log_p, rtol=1e-4, atol=1e-5)


@proof("terms in evaluation = by hand, of the remembered posteriors and the own one")
def evaluationterms_of():
    model, batch = _model(remembered_rows=8)
    terms = terms_of(model, batch, training=False)
    yield close(terms["mi"], np.zeros(20), atol=1e-5)  # none but an example's own is known yet
    seen = []
    for rows in (slice(0, 5), slice(5, 11)):
        part = Batch(batch.x[rows], batch.x[rows], {"z": batch.draws["z"][rows]})
        terms_of(model, part)
        out = model.forward(part)
        seen = [*np.stack([out["mean"], out["log_var"]], axis=1), *seen]
        yield from _evaluated(model, batch, np.stack(seen[:8]))


def _evaluated(model, batch, seen: np.ndarray) -> list[Finding]:
    few = Batch(batch.x[:3], batch.x[:3], {"z": batch.draws["z"][:3]})
    out, terms = model.forward(few), terms_of(model, few, training=False)
    heads = np.stack([out["mean"], out["log_var"]], axis=1)
    log_weights = np.log([[0.01, *[0.99 / len(seen)] * len(seen)]])
    pairs = zip(out["z"].numpy()[:, None], heads, strict=True)
    known = [_by_hand(z, np.stack([own, *seen]), log_weights) for z, own in pairs]
    joint, marginals = (np.concatenate(values) for values in zip(*known, strict=True))
    return [
        close(terms["mi"], out["log_q"] - joint, rtol=1e-4, atol=1e-5),
        close(terms["tc"], joint - marginals, rtol=1e-4, atol=1e-5),
    ]


@proof("gradient of log q(z) and its marginals = differences, of codes and all posteriors")
def gradient():
    model, _ = _model()
    rng = np.random.default_rng(1)
    start = [rng.normal(size=(6, 3)), _mixture(6)]
    step, mix = [rng.normal(size=one.shape) for one in start], rng.normal(size=6)

    def value(size):
        moved = [tf.constant(a + size * b, "float32") for a, b in zip(start, step, strict=True)]
        with tf.GradientTape() as tape:
            tape.watch(moved)
            joint, marginals = model.aggregate(*moved, training=True)
            total = tf.reduce_sum(mix * tf.cast(joint + 2 * marginals, "float64"))
        slopes = tape.gradient(total, moved, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return float(total), sum(np.sum(g * s) for g, s in zip(slopes, step, strict=True))

    yield close(value(0.0)[1], (value(1e-2)[0] - value(-1e-2)[0]) / 2e-2, rtol=1e-2)
