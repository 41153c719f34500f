"""What is watched beside the loss: accumulators over a split, whatever the batches are."""

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from aecli.quantity import HIGHER, Quantity


class Watched(keras.metrics.Metric):
    """A figure of a whole split, from a statistic of each batch that may be added up.

    quantity: what the figure measures. The mean of the perplexities of batches is not the
    perplexity of the split: hence statistics.
    """

    def __init__(self, name: str, quantity: Quantity, shape: tuple[int, ...]):
        super().__init__(name=name)
        self.quantity = quantity
        self.total = self.add_variable(shape, "zeros", name="total")

    def statistic(self, value: Any):
        """[*shape], of what an objective gives for a batch; replicas add theirs up."""
        raise NotImplementedError

    def add(self, statistic) -> None:
        self.total.assign_add(ops.cast(statistic, self.total.dtype))

    def result(self):
        raise NotImplementedError


class MeanOf(Watched):
    """The mean of a value [B] over the examples."""

    def __init__(self, name: str, quantity: Quantity):
        super().__init__(name, quantity, (2,))

    def statistic(self, value):
        value = ops.cast(value, "float32")
        return ops.stack([ops.sum(value), ops.cast(ops.shape(value)[0], "float32")])

    def result(self):
        return tf.math.divide_no_nan(self.total[0], self.total[1])


class OfCounts(Watched):
    """Of how often each of K codes was taken, [codebooks, K]; those of batches are added up."""

    def statistic(self, value):
        return value


PERPLEXITY = Quantity("codes", HIGHER, "so many, equally often taken, would say as much")
CODES_USED = Quantity("codes", HIGHER, "that are taken at all")


class Perplexity(OfCounts):
    """exp of the entropy of the codes: as many as these, equally often taken, would say as much.

    Of several codebooks that of the mean of their entropies.
    """

    def result(self):
        share = tf.math.divide_no_nan(self.total, ops.sum(self.total, axis=-1, keepdims=True))
        return ops.exp(-ops.mean(ops.sum(tf.math.xlogy(share, share), axis=-1)))


class CodesUsed(OfCounts):
    """How many of the codes were taken at all, of all codebooks together."""

    def result(self):
        return ops.sum(ops.cast(self.total > 0, "float32"))
