"""What an objective may know of the batch as a whole."""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import tensorflow as tf
from keras import ops


class Batch(NamedTuple):
    """What a model is given of B examples.

    x: what the encoder takes; target: what is to come out, [B, *data_shape] float32.
    draws: {name: [B, *shape]} standard normals, as Autoencoder.noise_shapes names them; fresh in
    training, frozen in evaluation; none where the codes are to be the posterior's mean.
    progress: [] float32, epochs of training done, None where every weight is to be the full one.
    """

    x: Any
    target: Any
    draws: Mapping[str, Any] = {}
    progress: Any = None


_replica = threading.local()  # each has a thread of its own while a step is traced


@contextlib.contextmanager
def counting(share) -> Iterator[None]:
    """In a replica. share: 1, or 0 where its rows stand for none of the batch."""
    _replica.share = share
    try:
        yield
    finally:
        del _replica.share


def batch_mean(x):
    """Mean of x [B, ...] over the training batch, also where replicas share its rows."""
    share = getattr(_replica, "share", None)
    if share is None:
        return ops.mean(x, axis=0)
    parts = [tf.reduce_sum(x, axis=0), tf.cast(tf.shape(x)[0], x.dtype)]
    parts = [tf.cast(share, x.dtype) * part for part in parts]
    context = tf.distribute.get_replica_context()
    total, count = context.all_reduce(tf.distribute.ReduceOp.SUM, parts)
    return total / count
