"""Fitting an autoregressive network of choices, drawing from it, and its log-probability."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

ROWS = 500  # at a time


def learnt(sampler: Any, x: np.ndarray, choices: int) -> tuple[dict[str, np.ndarray], float]:
    """-> the weights, float64, and the nats a choice of a held-out tenth of grids x [N, H, W].

    sampler: a GridSampler. A pure function of its arguments.
    """
    rng = np.random.default_rng(sampler.seed)
    x = x[rng.permutation(len(x))]
    held_out, rest = x[: len(x) // 10], x[len(x) // 10 :]
    named = {
        name: keras.Variable(_start(name, shape, rng), name=name)
        for name, shape in sampler.network(x.shape[1:], choices).items()
    }
    own = list(named.values())
    optimizer = keras.optimizers.Adam(sampler.learning_rate)
    optimizer.build(own)

    @tf.function(autograph=False, reduce_retracing=True)
    def step(rows):
        with tf.GradientTape() as tape:
            values = {name: variable.value for name, variable in named.items()}
            loss = -tf.reduce_mean(_log_prob(sampler, values, rows))
        optimizer.apply(tape.gradient(loss, [v.value for v in own]), own)

    count = float(np.prod(x.shape[1:]))

    def nats() -> float:
        values = {name: variable.numpy() for name, variable in named.items()}
        return -float(log_prob(sampler, values, held_out).mean()) / count

    best, kept, epoch_of_best = nats(), [v.numpy() for v in own], 0
    size = min(sampler.batch_size, len(rest))
    about = f"fit {type(sampler).__name__.lower()}"
    for epoch in tqdm(range(1, sampler.epochs + 1), about, leave=False, delay=1, disable=None):
        order = rng.permutation(len(rest))
        for start in range(0, len(rest) - size + 1, size):
            step(tf.constant(rest[order[start : start + size]]))
        if (found := nats()) < best:
            best, kept, epoch_of_best = found, [v.numpy() for v in own], epoch
        if epoch - epoch_of_best >= sampler.patience:
            break
    return {name: of.astype("float64") for name, of in zip(named, kept, strict=True)}, best


def _start(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Glorot's uniform numbers; of a bias 0, of a scale 1."""
    if len(shape) < 2:
        return np.full(shape, float("scale" in name), "float32")
    inside = np.prod(shape[:-2], dtype=int)
    limit = np.sqrt(6.0 / (inside * (shape[-2] + shape[-1])))
    return rng.uniform(-limit, limit, shape).astype("float32")


def _log_prob(sampler, weights, x):
    """log p of choices x [B, H, W], in nats: [B]."""
    logits = sampler.logits(weights, x)
    found = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=x, logits=logits)
    return -tf.reduce_sum(found, axis=(1, 2))


def log_prob(sampler, weights: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """As _log_prob, some rows at a time: [N] float64."""
    own = _constants(weights)
    parts = [_log_prob(sampler, own, tf.constant(x[i : i + ROWS])) for i in range(0, len(x), ROWS)]
    return np.concatenate(parts).astype("float64")


def drawn(sampler, weights: dict[str, np.ndarray], u: np.ndarray) -> np.ndarray:
    """Choices [n, H, W] int32, one after the other; u: even numbers in [0, 1), alike."""
    own, (_, height, width) = _constants(weights), u.shape
    logits = tf.function(lambda x: sampler.logits(own, x), autograph=False, reduce_retracing=True)
    parts = []
    starts = range(0, len(u), ROWS)
    for start in tqdm(starts, "draw codes", leave=False, delay=1, disable=None):
        part = u[start : start + ROWS]
        x = np.zeros(part.shape, "int32")
        for i, j in np.ndindex(height, width):
            p = np.asarray(tf.nn.softmax(logits(tf.constant(x))[:, i, j])).astype("float64")
            below = np.cumsum(p, axis=1)
            chosen = (below < part[:, i, j, None] * below[:, -1:]).sum(axis=1)
            x[:, i, j] = np.minimum(chosen, p.shape[1] - 1)
        parts.append(x)
    return np.concatenate(parts)


def _constants(weights: dict[str, np.ndarray]) -> dict[str, Any]:
    return {name: tf.constant(of, tf.float32) for name, of in weights.items()}
