"""The one training step: of both feeds, of Keras's compiled programs and of every replica."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from aecli.models.base import Autoencoder
from aecli.models.batch import Batch

Total = Callable[[Any], Any]


def train_step(
    model: Autoencoder,
    batch: Batch,
    size=None,
    mean: Callable | None = None,
    total: Total | None = None,
) -> None:
    """Take one step of model.optimizer on a batch, and add its loss and terms to the epoch's.

    In a replica, `batch` has its rows of a batch of `size`, mean(term [b]) is what these add to the
    mean over the batch, and total(nest) adds up what all replicas have.
    """
    optimizer, weights = model.optimizer, model.trainable_variables
    with tf.GradientTape() as tape:
        out = model.forward(batch, training=True)
        loss, terms = model.objective(batch, out, training=True)
        value = tf.reduce_mean(loss) if mean is None else mean(loss)
        scaled = optimizer.scale_loss(value)
    gradients = tape.gradient(scaled, [weight.value for weight in weights])
    used = [(g, w) for g, w in zip(gradients, weights, strict=True) if g is not None]
    gradients = [g for g, _ in used]
    if total is None:
        means = terms
    else:
        means = {name: mean(term) for name, term in terms.items()}
        gradients, value, means = total((gradients, value, means))
    optimizer.apply(gradients, [w for _, w in used])
    model._loss_tracker.update_state(value, sample_weight=_size(batch, size))
    for tracker in model.term_trackers:
        weight = None if total is None else size
        tracker.update_state(means[tracker.name], sample_weight=weight)


def _size(batch: Batch, size):
    return tf.shape(batch.x)[0] if size is None else size
