"""Categorical codes as pure functions: logits [..., K] of one choice among K each."""

import math

import tensorflow as tf
from keras import ops


def gumbels(normals):
    """Gumbel noise of standard normals, -log(-log u), u their CDF: shape as given, float32.

    Each tail by the one that is small: near u = 1 log u is log1p of it, so that none is infinite.
    """
    tail = 0.5 * tf.math.erfc(ops.abs(normals) / math.sqrt(2.0))
    return -ops.log(ops.where(normals > 0, -ops.log1p(-tail), -ops.log(tail)))


def relaxed(logits, noise, temperature):
    """A draw of the relaxed distribution: softmax((logits + noise) / temperature), [..., K].

    noise: Gumbel. Source: Jang, Gu & Poole 2017, eq. 2; Maddison, Mnih & Teh 2017, eq. 10.
    """
    return ops.softmax((logits + noise) / temperature, axis=-1)


def one_hot_of_largest(logits):
    """[..., K] of one 1 each; of logits and Gumbel noise, a draw (Jang 2017, eq. 1)."""
    return ops.one_hot(ops.argmax(logits, axis=-1), logits.shape[-1], dtype="float32")


def kl_to_uniform(logits):
    """KL( q || uniform ) in nats, log K - H(q): [...]."""
    log_q = ops.log_softmax(logits, axis=-1)
    return ops.sum(ops.exp(log_q) * log_q, axis=-1) + math.log(logits.shape[-1])


def log_prob(logits, one_hot):
    """log q of the choices one_hot [..., K], in nats: [...]."""
    return ops.sum(ops.log_softmax(logits, axis=-1) * one_hot, axis=-1)


def cooled(first: float, last: float, progress, epochs: float):
    """The temperature after so many epochs: from first to last by equal factors, then last.

    progress None, as in evaluation: last. Jang 2017 have max(last, exp(-r t)), which is it.
    """
    if progress is None or not epochs:
        return last
    return first * (last / first) ** ops.minimum(1.0, progress / epochs)
