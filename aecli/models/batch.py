"""What an objective may know of the batch as a whole."""

import contextlib
import threading
from collections.abc import Iterator

import tensorflow as tf
from keras import ops

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
