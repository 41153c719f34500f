"""The flow of a MAF in Keras: its two directions and its density."""

import keras
import numpy as np
from keras import ops

from aecli.latents.made import MADE

LARGEST = 5.0  # of |log scale|: an outlier of the codes does not blow up


class Flow:
    """x [B, D] <-> e [B, D], standard normal where the flow has learnt the density of x.

    Each block is e_i = (x_i - m_i) / s_i, where m_i and s_i are functions of x_1 .. x_(i-1)
    (Papamakarios 2017, eq. 4); the next one has the units in reverse order. alive: [D] of 0 and 1;
    a unit that is not stays 0, and is no part of the density.
    """

    draws = 0  # normals a row that its density asks for

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

    def log_prob(self, x, epsilon=None):
        """In nats, [B]. epsilon: of densities that are estimated by draws."""
        e, log_det = self.forward(x)
        return log_det - 0.5 * (ops.sum(ops.square(e), axis=1) + self.count * np.log(2 * np.pi))


def _affine(block: MADE, x):
    """The shift and the log scale of each unit, [B, D] each."""
    heads = block(x)
    return heads[..., 0], LARGEST * ops.tanh(heads[..., 1] / LARGEST)
