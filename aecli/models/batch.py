"""A batch: what a model is given of it, and what an objective may know of it as a whole."""

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
    label: [B] int32, None where the model asks for none.
    """

    x: Any
    target: Any
    draws: Mapping[str, Any] = {}
    progress: Any = None
    label: Any = None


class Share(NamedTuple):
    """What a replica has of a batch: rows first .. last of `size`; counts: 1, or 0 for none."""

    first: Any
    last: Any
    size: Any
    counts: Any


_replica = threading.local()  # each has a thread of its own while a step is traced


@contextlib.contextmanager
def sharing(share: Share) -> Iterator[None]:
    """In a replica."""
    _replica.share = share
    try:
        yield
    finally:
        del _replica.share


def batch_sum(x):
    """Sum of x [B, ...] over the training batch, also where replicas share its rows."""
    share = getattr(_replica, "share", None)
    total = ops.sum(x, axis=0)
    return total if share is None else _all_sum(tf.cast(share.counts, x.dtype) * total)


def batch_mean(x):
    """Mean of x [B, ...] over the training batch, also where replicas share its rows."""
    share = getattr(_replica, "share", None)
    if share is None:
        return ops.mean(x, axis=0)
    return batch_sum(x) / tf.cast(share.size, x.dtype)


def batch_rows(x):
    """All rows [B, ...] of the training batch, of which a replica has some; without gradient."""
    return linked_rows(ops.stop_gradient(x))


def linked_rows(x):
    """All rows [B, ...] of the training batch, of which a replica has some; with their gradient."""
    share = getattr(_replica, "share", None)
    if share is None:
        return x
    around = [[share.first, share.size - share.last], *[[0, 0]] * (len(x.shape) - 1)]
    return _all_sum(tf.pad(tf.cast(share.counts, x.dtype) * x, around))


def own_rows(x):
    """Of rows [B, ...] of the training batch those that this replica has."""
    share = getattr(_replica, "share", None)
    return x if share is None else x[share.first : share.last]


def _all_sum(x):
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, x)
