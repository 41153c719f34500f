"""The streaming feed: a thread reads the next batches from their file while a program trains."""

import math
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from aecli import memory
from aecli.errors import BadRequest, RunFailed
from aecli.training.chunks import ChunkFeed
from aecli.training.feed import ROWS, epoch_order
from aecli.training.validation import flat

BUFFER_BYTES = 2**25  # of images that are read at once; one is trained on, the next is read
MOST_BYTES = 2**29  # of the same where the images do not fit into the free memory
SHARE = 8  # of which they take so much then


def _buffer_bytes(size: int) -> int:
    """How much is read at once of images of so many bytes.

    Of what the system cannot keep in its cache, a buffer of scattered rows reads nearly all.
    """
    free = memory.free()
    return BUFFER_BYTES if size < free else max(BUFFER_BYTES, min(MOST_BYTES, free // SHARE))


class Piece(NamedTuple):
    """What is read at once: buffer `number` of the batches of an epoch, the last batch (rest), or
    block `number` of the validation images (val)."""

    kind: str
    epoch: int
    number: int = 0


class StreamingFeed(ChunkFeed):
    """Images read a buffer of batches at a time, each in the order of its file.

    x, val may be any arrays that take positions [n]. The buffer is trained on in the order of
    the epoch, so that the batches are those of the resident feed.
    """

    kind = "streaming"

    def __init__(self, x, val, *settings, **more):
        super().__init__(x, val, *settings, **more)
        self._x, self._thread = x, ThreadPoolExecutor(1, "aecli-feed")
        self._held: tuple[Piece | None, Any] = None, None
        self._next: tuple[Piece, Future] | None = None
        self._order: tuple[int, np.ndarray] | None = None  # of an epoch
        bytes_ = _buffer_bytes(x.nbytes)
        size = max(1, bytes_ * len(x) // max(1, x.nbytes) // self._batch)
        self._buffers = -(-self._full // size)  # of an epoch
        self._most = -(-self._full // self._buffers)  # batches in each
        self._blocks = -(-len(val) // ROWS)
        self._val_rows = max(1, bytes_ * len(val) // max(1, val.nbytes) // ROWS) * ROWS
        self._val_held: tuple[int, Any] = -1, None  # the first of them, and they

    # ---- what is read, by the thread -------------------------------------------------------------

    def _piece(self, piece: Piece) -> Any:
        """As the programs take it; what follows it is then read. Raises RunFailed."""
        if self._held[0] != piece:
            waiting, self._next = self._next, None
            if waiting is None or waiting[0] != piece:
                waiting = piece, self._thread.submit(self._read, piece)
            self._held = None, None  # one less while the next is waited for
            try:
                self._held = piece, waiting[1].result()
            except BadRequest as error:  # of a file that is no longer what it was
                raise RunFailed(str(error)) from None
        following = self._after(piece)
        if self._next is None and following is not None:
            self._next = following, self._thread.submit(self._read, following)
        return self._held[1]

    def _after(self, piece: Piece) -> Piece | None:
        kind, epoch, number = piece
        if kind == "train" and number + 1 < self._buffers:
            return Piece("train", epoch, number + 1)
        if kind == "train" and self._full < self.steps_per_epoch:
            return Piece("rest", epoch)
        if kind != "val":
            return Piece("val", epoch)
        if number + 1 < self._blocks:
            return Piece("val", epoch, number + 1)
        is_last = (epoch + 1) * self.steps_per_epoch >= self._steps
        return None if is_last else Piece("train", epoch + 1)

    def _read(self, piece: Piece):
        if piece.kind == "val":
            first = piece.number * ROWS
            return self._validation.in_blocks(
                self._validation.arrays(self._validation_rows(first), first)
            )
        order, buffer = self._order_of(piece.epoch), self._most * self._batch
        if piece.kind == "rest":
            return self._images(order[self._full * self._batch :], (-1,))
        rows = order[: self._full * self._batch][piece.number * buffer :][:buffer]
        rows = np.resize(rows, buffer)  # the last has fewer: what more is there is not looked at
        return self._images(rows, (self._most, -1))

    def _validation_rows(self, first: int) -> np.ndarray:
        """ROWS validation images from number `first` on; many more are read at once."""
        start = first // self._val_rows * self._val_rows
        if self._val_held[0] != start:
            self._val_held = -1, None  # before the next are read
            self._val_held = start, self._val[start : start + self._val_rows]
        return self._val_held[1][first - start : first - start + ROWS]

    def _images(self, rows: np.ndarray, shape: tuple[int, ...]) -> tuple[tf.Tensor, ...]:
        """(images in the order of the file, which of them each batch has, labels).

        Those of this process, of batches of all.
        """
        rows = rows.reshape(shape)
        if self._replicas is not None:
            rows = rows[..., slice(*self._replicas.mine(rows.shape[-1]))]
        order = np.argsort(rows, axis=None)
        places = np.empty(rows.size, np.int32)
        places[order] = np.arange(rows.size)
        with tf.device("CPU:0"):  # a device is given its rows of a batch
            images = tf.constant(flat(self._x[rows.ravel()[order]]))
            places = tf.constant(places.reshape(rows.shape))
            if self._labels is None:
                return images, places
            return images, places, tf.constant(self._labels[0][rows], tf.int32)

    def _order_of(self, epoch: int) -> np.ndarray:
        if self._order is None or self._order[0] != epoch:
            self._order = epoch, epoch_order(self._seed, epoch, self._n)
        return self._order[1]

    # ---- as ChunkFeed has it ---------------------------------------------------------------------

    def _signature(self):
        numbers, dtype = math.prod(self._shape), self._x.dtype

        def specs(*shape):
            if self._replicas is not None:
                first, last = self._replicas.mine(shape[-1])
                shape = (*shape[:-1], last - first)
            of_batch = tf.TensorSpec(shape, tf.int32)
            labels = [] if self._labels is None else [of_batch]
            return tf.TensorSpec((math.prod(shape), numbers), dtype), of_batch, *labels

        return specs(self._most, self._batch), specs(self._n % self._batch)

    def _data(self, first: int):
        number, place = divmod(first, self._most)
        return self._piece(Piece("train", self._epoch, number)), place, self._most - place

    def _rest(self):
        return self._piece(Piece("rest", self._epoch))

    def _batches(self, data):
        return data

    def _at_place(self, batches, place):
        images, *of_batch = batches
        return images, *(tf.gather(part, place) for part in of_batch)

    def _rest_batch(self, data):
        return data

    def _taken(self, batch, size: int, first, last, *copies):
        images, *of_batch = batch
        if self._replicas is None:
            images = tf.gather(images, of_batch[0])
        else:
            start = self._replicas.mine(size)[0]
            with tf.device("CPU:0"):  # where they are
                of_batch = [part[first - start : last - start] for part in of_batch]
                images = tf.gather(images, of_batch[0])
        label = None if self._labels is None else of_batch[1]
        return tf.reshape(images, (*images.shape[:1], *self._shape)), label

    def _trace_validation(self, jit: bool) -> None:
        """A program for a block of the split, one for the last block where that is smaller."""
        shapes = [
            array.shape[1:]
            for array in self._validation.arrays(np.zeros((1, *self._shape), self._val.dtype))
        ]
        self._validate = tf.function(
            lambda blocks, rests: self._validation.evaluate(blocks, rests, shapes),
            jit_compile=jit, autograph=False,
        )  # fmt: skip
        for number in {0, self._blocks - 1}:
            self._validate.get_concrete_function(*self._piece(Piece("val", 0, number)))

    def _test(self, iterator):
        next(iterator)
        logs = {}
        for number in range(self._blocks):
            logs = self._validate(*self._piece(Piece("val", self._epoch, number)))
        return logs
