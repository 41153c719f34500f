"""Random numbers in the graph: a pure function of a seed, the same with XLA and without.

TensorFlow's own stateless_uniform and stateless_normal are not: XLA makes other floats of the same
Philox bits. The bits agree, so they are made into floats here.
"""

import math
from typing import Any

import tensorflow as tf


def fold_in(seed, index) -> tf.Tensor:
    """A [2] int32 seed for stream `index` of a seed [2]."""
    # TensorFlow has it, its stubs have not
    fold = tf.random.experimental.stateless_fold_in  # pyright: ignore[reportAttributeAccessIssue]
    return fold(seed, index, alg="philox")


def uniform(shape, seed) -> tf.Tensor:
    """Draw float32 of a shape from the 2^24 evenly spaced numbers of [0, 1); seed: [2] int32."""
    return _whole(shape, seed) * 2.0**-24


def normal(shape, seed) -> tf.Tensor:
    """Draw standard normals, float32 of a shape (Box & Muller 1958); none is beyond 5.8.

    With XLA and without they differ by rounding: 1e-6.
    """
    n = tf.reduce_prod(shape)
    u = _whole((2, (n + 1) // 2), seed)
    radius = tf.sqrt(-2.0 * tf.math.log((u[0] + 1.0) * 2.0**-24))
    angle = u[1] * (2.0 * math.pi * 2.0**-24)
    z = tf.concat([radius * tf.cos(angle), radius * tf.sin(angle)], axis=0)
    return tf.reshape(z[:n], shape)


def _whole(shape, seed):
    """Draw whole numbers 0 .. 2^24 - 1 as float32, which holds each of them."""
    span: Any = {"minval": None, "maxval": None}  # of all bits; its stubs know no None
    bits = tf.random.stateless_uniform(shape, seed, **span, dtype=tf.uint32, alg="philox")
    return tf.cast(tf.bitwise.right_shift(bits, tf.constant(8, tf.uint32)), tf.float32)
