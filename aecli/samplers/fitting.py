"""How a density in Keras is fitted to rows of numbers."""

from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from tqdm import tqdm


class Density(Protocol):
    """draws: so many standard normals a row, epsilon [B, draws], log_prob asks for."""

    draws: int

    @property
    def variables(self) -> list[keras.Variable]: ...
    def log_prob(self, x: Any, epsilon: Any = None) -> Any: ...


def train(density: Density, x: np.ndarray, settings, name: str) -> None:
    """Fit to rows x [N, D] float32 by Adam; keeps the epoch that is best on a held-out tenth.

    settings: a sampler with seed, learning_rate, batch_size, epochs, patience. The held-out rows
    have the same draws at each look. A pure function of its arguments.
    """
    rng = np.random.default_rng(settings.seed)
    x = x[rng.permutation(len(x))]
    held_out, rest = tf.constant(x[: len(x) // 10]), tf.constant(x[len(x) // 10 :])
    frozen = _normals(np.random.default_rng((settings.seed, 1)), len(x) // 10, density.draws)
    variables = density.variables
    optimizer = keras.optimizers.Adam(settings.learning_rate)
    optimizer.build(variables)

    @tf.function(autograph=False)
    def step(rows, epsilon):
        with tf.GradientTape() as tape:
            loss = -ops.mean(density.log_prob(tf.gather(rest, rows), epsilon))
        optimizer.apply(tape.gradient(loss, [v.value for v in variables]), variables)

    score = tf.function(lambda: ops.mean(density.log_prob(held_out, frozen)), autograph=False)
    best, kept, epoch_of_best = float(score()), _values(variables), 0
    steps = max(1, len(rest) // settings.batch_size)
    epochs = range(1, settings.epochs + 1)
    for epoch in tqdm(epochs, f"fit {name}", unit="epoch", leave=False, delay=1, disable=None):
        order = rng.permutation(len(rest))
        for rows in np.split(order[: steps * settings.batch_size], steps):
            step(tf.constant(rows), _normals(rng, len(rows), density.draws))
        if (found := float(score())) > best:
            best, kept, epoch_of_best = found, _values(variables), epoch
        if epoch - epoch_of_best >= settings.patience:
            break
    for variable, value in zip(variables, kept, strict=True):
        variable.assign(value)


def _normals(rng: np.random.Generator, n: int, size: int):
    return tf.constant(rng.standard_normal((n, size), dtype="float32"))


def _values(variables) -> list[np.ndarray]:
    return [variable.numpy() for variable in variables]
