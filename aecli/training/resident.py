"""The resident feed: the split stays on the device, where each step gathers its batch from it."""

import numpy as np
import tensorflow as tf

from aecli.training.chunks import ChunkFeed
from aecli.training.feed import epoch_order
from aecli.training.validation import flat


class ResidentFeed(ChunkFeed):
    """Training and validation images on the device, in their own dtype."""

    kind = "resident"

    def __init__(self, x: np.ndarray, val: np.ndarray, *settings, **more):
        super().__init__(x, val, *settings, **more)
        images = tf.constant(flat(x))
        self._copies = (images if self._replicas is None else self._replicas.copies(images),)
        self._label = None if self._labels is None else tf.constant(self._labels[0], tf.int32)

    def begin_epoch(self, epoch: int, done: int = 0) -> None:
        super().begin_epoch(epoch, done)
        self._order = tf.constant(epoch_order(self._seed, epoch, self._n), tf.int32)

    def _signature(self):
        order = tf.TensorSpec([self._n], tf.int32)
        return order, order

    def _data(self, first: int):
        return self._order, first, self._full - first

    def _rest(self):
        return self._order

    def _batches(self, data):
        return tf.reshape(data[: self._full * self._batch], (self._full, self._batch))

    def _at_place(self, batches, place):
        return tf.gather(batches, place)

    def _rest_batch(self, data):
        return data[self._full * self._batch :]

    def _taken(self, batch, size: int, first, last, *copies):
        rows = batch[first:last]
        label = None if self._label is None else tf.gather(self._label, rows)
        images = tf.gather(copies[0], rows)
        return tf.reshape(images, (*images.shape[:1], *self._shape)), label

    def _trace_validation(self, jit: bool) -> None:
        """One program for the whole split."""
        arrays = self._validation.arrays(self._val)
        blocks, rests = self._validation.in_blocks(arrays)
        shapes = [array.shape[1:] for array in arrays]
        self._validate = tf.function(
            lambda: self._validation.evaluate(blocks, rests, shapes),
            jit_compile=jit,
            autograph=False,
        )
        self._validate.get_concrete_function()

    def _test(self, iterator):
        next(iterator)
        return self._validate()
