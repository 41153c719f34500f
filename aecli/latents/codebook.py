"""A codebook: the vectors that discrete codes choose among, and how they follow the choices."""

import functools
from typing import Any

import keras
import tensorflow as tf

from aecli.serial import register


@register
class Codebook(keras.layers.Layer):
    """K vectors e [K, D] without a gradient: each is the mean of what was nearest to it.

    The mean is over the past, by moving averages of the counts N [K] and of the sums m [K, D] of
    what chose each vector. Both begin at 0, so that e = m / N needs no correction for its youth.

    learns: the vectors have a gradient instead, and of the averages there are the counts alone.
    """

    def __init__(self, size: int, depth: int, learns: bool = False, **kwargs: Any):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.size, self.depth, self.learns = size, depth, learns
        weight = functools.partial(self.add_weight, trainable=False)
        self.vectors = self.add_weight(
            name="vectors", shape=(size, depth), initializer="random_uniform", trainable=learns
        )
        self.counts = weight(name="counts", shape=(size,), initializer="zeros")
        if not learns:
            self.sums = weight(name="sums", shape=(size, depth), initializer="zeros")
        self.built = True

    def call(self, z):
        """z [B, ..., D] -> the nearest vectors [B, ..., D], and their numbers [B, ...] int32."""
        indices = self.nearest(z)
        return self.look_up(indices), indices

    def nearest(self, z):
        """The numbers [B, ...] int32 of the vectors that are nearest to z [B, ..., D].

        By |z - e|^2 - |z|^2 = |e|^2 - 2 z.e; of equally near ones the first.
        """
        vectors = tf.convert_to_tensor(self.vectors)
        squares = tf.reduce_sum(tf.square(vectors), axis=1)
        products = tf.matmul(tf.reshape(z, (-1, self.depth)), vectors, transpose_b=True)
        nearest = tf.argmin(squares - 2.0 * products, axis=1, output_type=tf.int32)
        return tf.reshape(nearest, tf.shape(z)[:-1])

    def look_up(self, indices):
        """The vectors [B, ..., D] of numbers [B, ...] int32."""
        return tf.gather(tf.convert_to_tensor(self.vectors), indices)

    def table(self):
        """All vectors, [1, K, D]."""
        return tf.convert_to_tensor(self.vectors)[None]

    def taken(self, z, indices, kept=None):
        """How often each vector was chosen, [K], and the sum of what chose it, [K, D].

        kept: [B], 1 for an example that counts, else 0; None: all do.
        """
        flat, chosen = tf.reshape(z, (-1, self.depth)), tf.reshape(indices, (-1,))
        ones = tf.ones_like(chosen, tf.float32)
        if kept is not None:
            ones = tf.reshape(kept[:, None] * tf.reshape(ones, (tf.size(kept), -1)), (-1,))
            flat = ones[:, None] * flat
        add_up = functools.partial(
            tf.math.unsorted_segment_sum, segment_ids=chosen, num_segments=self.size
        )
        return add_up(ones), add_up(flat)

    def follow(self, n, s, z, draws, decay: float, epsilon: float, revival: float) -> None:
        """Move the vectors towards what chose them in a batch (van den Oord 2017, appendix A.1).

        n, s: what `taken` gives for the whole batch, z [B, ..., D]. N = decay N + (1 - decay) n, m
        likewise, e = m / N, N smoothed by epsilon where it divides and nowhere else. A vector that
        nothing ever chose stays where it is.

        One whose N is below `revival` of its fair share, sum(n) / K, is dead: it becomes one of
        the z, which the draws [B, ...], standard normals, choose, and N is that threshold, so that
        it is soon dead again if nothing chooses it. To one that learns nothing else happens.
        """
        least = revival * tf.reduce_sum(n) / self.size
        counts = decay * self.counts + (1.0 - decay) * n
        is_dead = counts < least
        counts = tf.where(is_dead, least, counts)
        self.counts.assign(counts)
        others = self._others(z, draws, is_dead)
        if self.learns:
            self.vectors.assign(tf.where(is_dead[:, None], others, self.vectors))
            return
        sums = decay * self.sums + (1.0 - decay) * s
        sums = tf.where(is_dead[:, None], least * others, sums)
        total = tf.reduce_sum(counts)
        smoothed = (counts + epsilon) / (total + self.size * epsilon) * total
        vectors = tf.where(counts[:, None] > 0, sums / smoothed[:, None], self.vectors)
        self.sums.assign(sums)
        self.vectors.assign(vectors)

    def _others(self, z, draws, is_dead):
        """[K, D]: for each dead vector another z, as long as there are as many; else again."""
        flat = tf.reshape(z, (-1, self.depth))
        order = tf.argsort(tf.reshape(draws, (-1,)))
        rank = tf.cumsum(tf.cast(is_dead, tf.int32), exclusive=True)
        return tf.gather(flat, tf.gather(order, rank % tf.size(order)))

    def get_config(self):
        return super().get_config() | {
            "size": self.size, "depth": self.depth, "learns": self.learns
        }  # fmt: skip
