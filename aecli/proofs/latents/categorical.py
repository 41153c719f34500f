"""Proofs of categorical codes."""

import numpy as np
import tensorflow as tf
from scipy import special, stats

from aecli.latents import categorical
from aecli.latents.choices import Choices
from aecli.proofs.base import at_least, close, mean_of, proof, same

rng = np.random.default_rng(0)


@proof("Gumbel noise of normals = -log(-log of SciPy's CDF), far into both tails")
def gumbels():
    normals = np.array([-8, -6, -3, -1, -0.1, 0, 0.1, 1, 3, 6, 8], "float32")
    known = -np.log(-stats.norm.logcdf(normals.astype("float64")))
    yield close(categorical.gumbels(tf.constant(normals)), known, rtol=1e-4, atol=1e-5)
    drawn = categorical.gumbels(tf.constant(rng.normal(size=100_000), tf.float32))
    yield mean_of(drawn, np.euler_gamma)
    yield close(np.var(drawn), np.pi**2 / 6, rtol=0.03)


@proof("KL = log K - SciPy's entropy; 0 at even logits")
def kl():
    logits = rng.normal(size=(5, 3, 7)).astype("float32")
    entropy = stats.entropy(special.softmax(logits, axis=-1), axis=-1)
    yield close(categorical.kl_to_uniform(tf.constant(logits)), np.log(7) - entropy, atol=1e-5)
    yield close(categorical.kl_to_uniform(tf.fill([2, 7], 3.0)), 0.0, atol=1e-6)
    sure = tf.constant([[100.0, 0.0, 0.0]])
    yield close(categorical.kl_to_uniform(sure), np.log(3), rtol=1e-6)


@proof("relaxed choice = SciPy's softmax; at a low temperature the largest; slopes")
def relaxed():
    logits, noise = rng.normal(size=(2, 6, 4)).astype("float32")
    known = special.softmax((logits + noise) / 0.7, axis=-1)
    yield close(categorical.relaxed(logits, noise, 0.7), known, rtol=1e-4, atol=1e-6)
    cold = categorical.relaxed(logits, noise, 1e-3)
    yield close(cold, categorical.one_hot_of_largest(tf.constant(logits + noise)), atol=1e-3)


@proof("how often a drawn choice is each = softmax of the logits; log q = SciPy's")
def choices():
    logits = np.array([0.5, -1.0, 1.5, 0.0], "float32")
    noise = categorical.gumbels(tf.constant(rng.normal(size=(40_000, 4)), tf.float32))
    drawn = np.asarray(categorical.one_hot_of_largest(logits + noise))
    p = special.softmax(logits)
    yield same(drawn.sum(1), 1.0)
    yield mean_of(drawn, p)
    log_q = categorical.log_prob(tf.constant(logits), drawn[:50])
    yield close(log_q, np.log(p)[drawn[:50].argmax(1)], rtol=1e-5)
    yield at_least(len(np.unique(drawn[:50].argmax(1))), 3)


@proof("temperatures: the first, half way the geometric mean, the last; none: the last")
def cooled():
    found = [categorical.cooled(1.0, 0.25, progress, 10.0) for progress in (0.0, 5.0, 10.0, 90.0)]
    yield close(found, [1.0, 0.5, 0.25, 0.25], rtol=1e-6)
    yield same(categorical.cooled(1.0, 0.25, None, 10.0), 0.25)
    yield same(categorical.cooled(1.0, 0.25, 3.0, 0.0), 0.25)
    step = 1234  # Jang's exp(-3e-5 t) at 100 of 60,000 images
    epochs = np.log(2) / 3e-5 / 600
    yield close(categorical.cooled(1.0, 0.5, step / 600, epochs), np.exp(-3e-5 * step), rtol=1e-6)


@proof("layer of choices: the largest of each K, one-hot; places there and back; its table")
def layer():
    choices = Choices(3, 4)
    z = rng.normal(size=(5, 2, 12)).astype("float32")
    e, indices = choices(z)
    known = z.reshape(5, 2, 3, 4).argmax(-1)
    yield same(indices, known)
    yield same(e, np.eye(4)[known].reshape(5, 2, 12))
    yield same(choices.look_up(indices), e)
    table = np.asarray(choices.table())
    yield same(sum(table[n][known[..., n]] for n in range(3)), e)
