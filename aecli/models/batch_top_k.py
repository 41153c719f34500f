"""Batch top-k: k active units an example on average, as many of each example as it needs."""

from typing import ClassVar

from keras import ops

from aecli.models.batch import batch_rows
from aecli.models.sparse_codes import largest_of_batch
from aecli.models.top_k import TopK
from aecli.serial import register

RATE = 0.01  # of the running threshold: of about the last 100 steps
HUGE = 3e38  # of no active unit; infinity times 0 would be no number


@register
class BatchTopK(TopK):
    """In training the B k largest units of a batch of B are active, in evaluation those >= theta.

    theta is the running mean of the smallest active unit of a batch, the mean of all at first
    (Bussmann et al. 2024, BatchTopK, eq. 3 and 4): a code does not depend on its neighbours.
    """

    keeps_measure: ClassVar[tuple[str, ...]] = ("k",)  # of the training alone

    def assemble(self):
        super().assemble()
        self.theta = self._state("theta")
        self.batches = self._state("batches")

    def active(self, pre, training=False):
        z = ops.relu(pre)
        if training:
            return largest_of_batch(z, self.k)
        return ops.where(z >= ops.convert_to_tensor(self.theta), z, 0.0)

    def penalties(self, batch, out, training=False):
        if training:
            self._remember(out["z"])
        return super().penalties(batch, out, training=training)

    def _remember(self, z):
        smallest = ops.min(ops.where(z > 0, z, HUGE), axis=1)  # of each example
        smallest = ops.min(batch_rows(smallest))
        counts = ops.cast(smallest < HUGE, "float32")
        rate = counts * ops.maximum(RATE, 1.0 / (self.batches + 1.0))
        self.theta.assign((1.0 - rate) * self.theta + rate * ops.minimum(smallest, HUGE * counts))
        self.batches.assign_add(counts)
