"""The flow of a MAF in Keras: its two directions, its density, its training."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from tqdm import tqdm

from aecli.latents.made import MADE

LARGEST = 5.0  # of |log scale|: an outlier of the codes does not blow up


class Flow:
    """x [B, D] <-> e [B, D], standard normal where the flow has learnt the density of x.

    Each block is e_i = (x_i - m_i) / s_i, where m_i and s_i are functions of x_1 .. x_(i-1)
    (Papamakarios 2017, eq. 4); the next one has the units in reverse order. alive: [D] of 0 and 1;
    a unit that is not stays 0, and is no part of the density.
    """

    def __init__(self, alive: np.ndarray, blocks: int, widths: list[int], seed: int = 0):
        self.size, self.count = len(alive), float(alive.sum())
        start = keras.initializers.GlorotUniform(keras.random.SeedGenerator(seed))
        self.blocks = [MADE(self.size, widths, start=start) for _ in range(blocks)]
        flipped = [alive[::-1] if k % 2 else alive for k in range(blocks)]
        self._alive = [order.astype("float32") for order in flipped]

    @property
    def variables(self) -> list[keras.Variable]:
        return [variable for block in self.blocks for variable in block.trainable_variables]

    def forward(self, x):
        """-> e, log |det de/dx| [B]"""
        log_det = 0.0
        for block, alive in zip(self.blocks, self._alive, strict=True):
            shift, log_scale = _affine(block, x)
            x = ops.flip(alive * (x - shift) * ops.exp(-log_scale), axis=1)
            log_det = log_det - ops.sum(alive * log_scale, axis=1)
        return x, log_det

    def inverse(self, e):
        """-> x, one unit after the other: a block of D units is asked D times."""
        for block, alive in zip(self.blocks[::-1], self._alive[::-1], strict=True):
            e, x = ops.flip(e, axis=1), ops.zeros_like(e)
            for unit in np.eye(self.size, dtype="float32"):
                shift, log_scale = _affine(block, x)
                x = x + unit * alive * (e * ops.exp(log_scale) + shift)
            e = x
        return e

    def log_prob(self, x):
        """In nats, [B]."""
        e, log_det = self.forward(x)
        return log_det - 0.5 * (ops.sum(ops.square(e), axis=1) + self.count * np.log(2 * np.pi))


def _affine(block: MADE, x):
    """The shift and the log scale of each unit, [B, D] each."""
    heads = block(x)
    return heads[..., 0], LARGEST * ops.tanh(heads[..., 1] / LARGEST)


def train(flow: Flow, x: np.ndarray, settings) -> None:
    """Fit to rows x [N, D] float32 by Adam; keeps the epoch that is best on a held-out tenth.

    settings: a MAF. A pure function of its arguments.
    """
    rng = np.random.default_rng(settings.seed)
    x = x[rng.permutation(len(x))]
    held_out, rest = tf.constant(x[: len(x) // 10]), tf.constant(x[len(x) // 10 :])
    variables = flow.variables
    optimizer = keras.optimizers.Adam(settings.learning_rate)
    optimizer.build(variables)

    @tf.function(autograph=False)
    def step(rows):
        with tf.GradientTape() as tape:
            loss = -ops.mean(flow.log_prob(tf.gather(rest, rows)))
        optimizer.apply(tape.gradient(loss, [v.value for v in variables]), variables)

    score = tf.function(lambda: ops.mean(flow.log_prob(held_out)), autograph=False)
    best, kept, epoch_of_best = float(score()), _values(variables), 0
    steps = max(1, len(rest) // settings.batch_size)
    epochs = range(1, settings.epochs + 1)
    for epoch in tqdm(epochs, "fit maf", unit="epoch", leave=False, delay=1, disable=None):
        order = rng.permutation(len(rest))
        for rows in np.split(order[: steps * settings.batch_size], steps):
            step(tf.constant(rows))
        if (found := float(score())) > best:
            best, kept, epoch_of_best = found, _values(variables), epoch
        if epoch - epoch_of_best >= settings.patience:
            break
    for variable, value in zip(variables, kept, strict=True):
        variable.assign(value)


def _values(variables) -> list[np.ndarray]:
    return [variable.numpy() for variable in variables]
