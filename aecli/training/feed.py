"""What both feeds share: order, scaling, augmentation, binarisation, corruption.

The order of epoch e and the noise of step s are pure functions of (seed, e) and (seed, s).
"""

import dataclasses
import enum

import numpy as np
import tensorflow as tf

from aecli import philox
from aecli.augment.base import Augmentation
from aecli.noise.base import Noise

Labels = tuple[np.ndarray, np.ndarray]
"""Of the training and of the validation images, [N] whole numbers each."""

CHUNK_SECONDS = 0.5  # of work between two looks of the callbacks; of a trial's steps
ROWS = 1000  # images corrupted from one seed where the noise is frozen


class Stream(enum.IntEnum):
    """Independent random streams of one seed."""

    BINARISE = 1
    NOISE = 2
    FROZEN_BINARISE = 3
    FROZEN_NOISE = 4
    DRAWS = 5
    AUGMENT = 6


def stream_seed(seed: int | tf.Tensor, stream: Stream, index) -> tf.Tensor:
    """A [2] int32 seed for draw number `index` of a stream."""
    pair = tf.stack([tf.convert_to_tensor(seed, tf.int32), tf.cast(index, tf.int32)])
    return philox.fold_in(pair, int(stream))


def epoch_order(seed: int, epoch: int, n: int) -> np.ndarray:
    """The order of the n training images in an epoch: [n] int32."""
    return np.random.default_rng((seed, epoch)).permutation(np.arange(n, dtype=np.int32))


def to_float(x: tf.Tensor) -> tf.Tensor:
    """uint8 0..255 -> float32 in [0, 1]; floats as they are."""
    return tf.cast(x, tf.float32) / 255.0 if x.dtype == tf.uint8 else tf.cast(x, tf.float32)


def binarise(x: tf.Tensor, seed) -> tf.Tensor:
    """Draw each pixel from Bernoulli(x), x in [0, 1] (Salakhutdinov & Murray 2008)."""
    return tf.cast(philox.uniform(tf.shape(x), seed) < x, tf.float32)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Preparation:
    """What happens to an image between the array and the model."""

    noise: Noise
    augment: dict[str, Augmentation] = dataclasses.field(default_factory=dict)  # in this order
    dynamic: bool = False  # binarise anew each time an image is seen
    seed: int = 0

    @property
    def is_random(self) -> bool:
        """Whether it changes an image of evaluation, too, beyond its scale."""
        return self.noise.is_noisy or self.dynamic

    def draws(self, shapes: dict[str, tuple[int, ...]], size, step) -> dict[str, tf.Tensor]:
        """{name: [size, *shape]} standard normals for one training step."""
        seed = stream_seed(self.seed, Stream.DRAWS, step)
        return {
            name: philox.normal((size, *shape), philox.fold_in(seed, i))
            for i, (name, shape) in enumerate(shapes.items())
        }

    def fresh(self, rows: tf.Tensor, step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Rows [B, H, W, C] -> (input, target) for one training step, both augmented."""
        if self.augment:
            rows = to_float(tf.convert_to_tensor(rows))
            seed = stream_seed(self.seed, Stream.AUGMENT, step)
            for i, change in enumerate(self.augment.values()):
                rows = change(rows, philox.fold_in(seed, i))
        return self._prepare(rows, step, Stream.BINARISE, Stream.NOISE)

    def fresh_part(self, rows: tf.Tensor, step: tf.Tensor, first, size):
        """As fresh, of rows [b, H, W, C] that are first .. first + b of a batch of `size`.

        Its draws are those of the whole batch; what lies outside the part is not read.
        """
        if not self.is_random and not self.augment:
            return self.fresh(rows, step)
        last = first + tf.shape(rows)[0]
        whole = tf.pad(rows, [[first, size - last], [0, 0], [0, 0], [0, 0]])
        return tuple(side[first:last] for side in self.fresh(whole, step))

    def frozen(self, x: np.ndarray, first: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """All of x [N, H, W, C] -> (input, target), the same at every call.

        first: the number in its split of the first of them, a multiple of ROWS.
        """
        if not self.is_random:
            clean = to_float(tf.constant(x)).numpy()
            return clean, clean
        starts = range(0, len(x), ROWS)
        parts = [self.frozen_block(x[i : i + ROWS], (first + i) // ROWS) for i in starts]
        x, target = (np.concatenate([p.numpy() for p in side]) for side in zip(*parts, strict=True))
        return x, target

    def frozen_block(self, rows, number) -> tuple[tf.Tensor, tf.Tensor]:
        """Block `number` of ROWS images of a split -> (input, target), as frozen has them."""
        return self._prepare(rows, number, Stream.FROZEN_BINARISE, Stream.FROZEN_NOISE)

    def _prepare(self, rows, index, binarise_stream, noise_stream):
        target = to_float(tf.convert_to_tensor(rows))
        if self.dynamic:
            target = binarise(target, stream_seed(self.seed, binarise_stream, index))
        return self.noise(target, stream_seed(self.seed, noise_stream, index)), target
