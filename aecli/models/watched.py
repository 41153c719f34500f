"""What is watched beside the loss: accumulators over a split, whatever the batches are."""

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from aecli.quantity import HIGHER, LOWER, Quantity


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


L0 = Quantity("units an image", "", "that are active, on average")
EXPLAINED_VARIANCE = Quantity(
    "", HIGHER, "1 - the variance of what is left over that of the data, summed over the values"
)
UNUSED = Quantity("", LOWER, "share of the code units that no example activates")


class Unused(OfCounts):
    """The share of the units that were never active."""

    def result(self):
        return ops.mean(ops.cast(self.total == 0, "float32"))


class ExplainedVariance(Watched):
    """1 - sum_d Var(error_d) / sum_d Var(x_d), of x and error [B, ...] of `size` numbers each.

    x may be from anywhere near its mean, which float32 is grateful for.
    """

    def __init__(self, name: str, quantity: Quantity, size: int):
        super().__init__(name, quantity, (5, size))

    def statistic(self, value):
        x, error = (ops.reshape(ops.cast(v, "float32"), (-1, self.total.shape[1])) for v in value)
        parts = [ops.ones_like(x), x, ops.square(x), error, ops.square(error)]
        return ops.stack([ops.sum(part, axis=0) for part in parts])

    def result(self):
        n, x, squares, error, error_squares = (self.total[i] for i in range(5))
        variances = [
            ops.sum(tf.math.divide_no_nan(second - tf.math.divide_no_nan(first * first, n), n))
            for first, second in ((x, squares), (error, error_squares))
        ]
        return 1.0 - tf.math.divide_no_nan(variances[1], variances[0])
