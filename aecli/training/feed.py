"""From arrays to batches: gathered, scaled, binarised and corrupted in the graph.

The order of epoch e and the noise of step s are pure functions of (seed, e) and (seed, s).
"""

import dataclasses
import enum

import numpy as np
import tensorflow as tf

from aecli.noise.base import Noise

ROWS = 1000  # images corrupted from one seed where the noise is frozen


class Stream(enum.IntEnum):
    """Independent random streams of one seed."""

    ORDER = 0
    BINARISE = 1
    NOISE = 2
    FROZEN_BINARISE = 3
    FROZEN_NOISE = 4


def stream_seed(seed: int, stream: Stream, index) -> tf.Tensor:
    """A [2] int32 seed for draw number `index` of a stream."""
    pair = tf.stack([tf.constant(seed, tf.int32), tf.cast(index, tf.int32)])
    return tf.random.experimental.stateless_fold_in(pair, int(stream), alg="philox")


def to_float(x: tf.Tensor) -> tf.Tensor:
    """uint8 0..255 -> float32 in [0, 1]; floats as they are."""
    return tf.cast(x, tf.float32) / 255.0 if x.dtype == tf.uint8 else tf.cast(x, tf.float32)


def binarise(x: tf.Tensor, seed) -> tf.Tensor:
    """Draw each pixel from Bernoulli(x), x in [0, 1] (Salakhutdinov & Murray 2008)."""
    return tf.cast(tf.random.stateless_uniform(tf.shape(x), seed, alg="philox") < x, tf.float32)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Preparation:
    """What happens to an image between the array and the model."""

    noise: Noise
    dynamic: bool = False  # binarise anew each time an image is seen
    seed: int = 0

    def fresh(self, rows: tf.Tensor, step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Rows [B, H, W, C] -> (input, target) for one training step."""
        return self._prepare(rows, step, Stream.BINARISE, Stream.NOISE)

    def frozen(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """All of x [N, H, W, C] -> (input, target), the same at every call."""
        if not self.noise.is_noisy and not self.dynamic:
            clean = to_float(tf.constant(x)).numpy()
            return clean, clean
        parts = [
            self._prepare(x[i : i + ROWS], i // ROWS, Stream.FROZEN_BINARISE, Stream.FROZEN_NOISE)
            for i in range(0, len(x), ROWS)
        ]
        return tuple(np.concatenate([p.numpy() for p in side]) for side in zip(*parts, strict=True))

    def _prepare(self, rows, index, binarise_stream, noise_stream):
        target = to_float(tf.convert_to_tensor(rows))
        if self.dynamic:
            target = binarise(target, stream_seed(self.seed, binarise_stream, index))
        return self.noise(target, stream_seed(self.seed, noise_stream, index)), target


class TrainingFeed:
    """The batches of each epoch as a tf.data.Dataset; set `epoch` before each pass.

    x: [N, H, W, C], uint8 or float32, kept as it is in memory.
    """

    def __init__(self, x: np.ndarray, preparation: Preparation, batch_size: int):
        self.n, self.batch_size = len(x), batch_size
        self.steps_per_epoch = -(-self.n // batch_size)
        self.epoch = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._x, self._preparation = tf.constant(x), preparation

    def dataset(self) -> tf.data.Dataset:
        """-> (input [B, H, W, C], target [B, H, W, C]) float32; the last batch may be smaller."""
        indices = tf.data.Dataset.range(1).flat_map(self._order).batch(self.batch_size)
        batches = indices.enumerate().map(self._batch, num_parallel_calls=2)
        # Keras must know the number of batches: a step tried beyond the end counts as an iteration
        known = tf.data.experimental.assert_cardinality(self.steps_per_epoch)
        return batches.apply(known).prefetch(4)

    def _order(self, _) -> tf.data.Dataset:
        seed = stream_seed(self._preparation.seed, Stream.ORDER, self.epoch)
        order = tf.random.experimental.stateless_shuffle(tf.range(self.n), seed, alg="philox")
        return tf.data.Dataset.from_tensor_slices(order)

    def _batch(self, number, indices):
        step = self.epoch * self.steps_per_epoch + number
        return self._preparation.fresh(tf.gather(self._x, indices), step)


def evaluation_data(x, target, epsilon, batch_size: int) -> tf.data.Dataset:
    """Frozen validation batches; epsilon: the model's frozen draws or None."""
    inputs = x if epsilon is None else {"image": x, "epsilon": epsilon}
    return tf.data.Dataset.from_tensor_slices((inputs, target)).batch(batch_size).prefetch(2)
