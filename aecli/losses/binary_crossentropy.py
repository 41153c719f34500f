"""Binary cross-entropy: the Bernoulli likelihood, from logits."""

import dataclasses
from typing import ClassVar

import keras
from keras import ops

from aecli.divergences import sum_per_example
from aecli.losses.base import Loss
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class BinaryCrossentropy(Loss):
    """-sum(x log p + (1 - x) log(1 - p)) with p = sigmoid(params).

    For x in {0, 1} it is a likelihood; for grey values in (0, 1) it is the tutorials' loss and no
    density (use continuous_bernoulli for that).
    """

    needs_unit_range: ClassVar[bool] = True
    is_of_binary_data: ClassVar[bool] = True

    def log_prob(self, x, params):
        return -sum_per_example(cross_entropy(x, params))

    def mean(self, params):
        return ops.sigmoid(params)

    def sample(self, params, seed):
        uniform = keras.random.uniform(ops.shape(params), seed=seed)
        return ops.cast(uniform < ops.sigmoid(params), "float32")


def cross_entropy(x, logits):
    """max(l, 0) - l x + log(1 + exp(-|l|)): overflows for no logit. Shapes as given.

    To 6e-8 a pixel: log1p would be exact where it is smaller than that, and takes a tenth of the
    step of a small dense network.
    """
    return ops.maximum(logits, 0.0) - logits * x + ops.log(1.0 + ops.exp(-ops.abs(logits)))
