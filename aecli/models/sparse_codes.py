"""Which units of a code are active, as pure functions: the largest, those above a threshold."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aecli.models.batch import batch_rows

ITERATIONS = 100  # of Weiszfeld's at most


def largest(z, k: int):
    """z [B, n] >= 0 with all but the k largest units of each example set to 0.

    Source: Gao et al. 2024, eq. 2 (Makhzani & Frey 2014). Those as large as the last are kept.
    """
    return ops.where(z >= kth_largest(z, k), z, 0.0)


def largest_of_batch(z, k: int):
    """z [B, n] >= 0 with all but the B k largest units of the training batch set to 0.

    Source: Bussmann et al. 2024, eq. 3. Replicas share the batch.
    """
    rows = batch_rows(z)
    return ops.where(z >= kth_largest(rows, k * ops.shape(rows)[0], of_all=True), z, 0.0)


def kth_largest(x, k, of_all: bool = False):
    """The k-th largest number of each row of x [B, n] float32, [B, 1]; of_all: of x, [1, 1].

    Exactly what sorting finds, bit by bit of it from the first, with a count over x for each. Under
    XLA on a CPU sorting takes ten times as long. A functional model, as is exported, sorts.
    """
    if isinstance(x, keras.KerasTensor):
        return ops.top_k(x, k)[0][:, -1:]
    numbers = in_order(x)

    def add_bit(i, found):
        candidate = tf.bitwise.bitwise_xor(found, tf.bitwise.left_shift(1, i))
        reached = tf.reduce_sum(tf.cast(numbers >= candidate, "int32"), axis=1, keepdims=True)
        if of_all:
            reached = tf.reduce_sum(reached, axis=0, keepdims=True)
        return i - 1, tf.where(reached >= k, candidate, found)

    least = tf.fill([1 if of_all else tf.shape(numbers)[0], 1], tf.int32.min)
    return in_order(tf.while_loop(lambda i, _: i >= 0, add_bit, [31, least])[1], back=True)


def among_largest(x, k):
    """Whether each number of x [B, n] float32 is one of the k largest of its row, [B, n] bool.

    Of equal ones the first: exactly k of a row are.
    """
    if isinstance(x, keras.KerasTensor):  # of a functional model, as is exported
        return ops.argsort(ops.argsort(-x, axis=1), axis=1) < k
    least = kth_largest(x, k)
    is_more, is_equal = x > least, tf.equal(x, least)
    left = k - tf.reduce_sum(tf.cast(is_more, "int32"), axis=1, keepdims=True)
    places = tf.range(tf.shape(x)[1], 0, -1, dtype="int32")  # the first has the largest
    last = kth_largest(tf.where(is_equal, tf.cast(places, "float32"), 0.0), left)
    return is_more | (is_equal & (tf.cast(places, "float32") >= last))


def in_order(x, back: bool = False):
    """Whole numbers, int32, in the order of x float32, -0 before 0; back: x of these numbers."""
    bits = x if back else tf.bitcast(tf.stop_gradient(tf.convert_to_tensor(x, "float32")), "int32")
    turned = tf.bitwise.bitwise_and(tf.bitwise.right_shift(bits, 31), 2**31 - 1)
    bits = tf.bitwise.bitwise_xor(bits, turned)  # of what is below 0 all but the sign
    return tf.bitcast(bits, "float32") if back else bits


def jump_relu(x, threshold, bandwidth: float):
    """x 1[x > threshold], whose gradient to the threshold is -threshold K((x - t) / e) / e.

    x: [B, n]; threshold: [n] >= 0; bandwidth: e, in the unit of x. K is 1 on (-1/2, 1/2). That to
    x is 1[x > threshold] alone. Source: Rajamanoharan et al. 2024, JumpReLU, eq. 11.
    """
    slope = -threshold * _kernel(x, threshold, bandwidth)
    return x * _is_above(x, threshold) + _learned_by(threshold, slope)


def step(x, threshold, bandwidth: float):
    """1[x > threshold], whose gradient to the threshold is -K((x - t) / e) / e, and to x 0.

    As jump_relu. Source: Rajamanoharan et al. 2024, JumpReLU, eq. 12.
    """
    return _is_above(x, threshold) + _learned_by(threshold, -_kernel(x, threshold, bandwidth))


def _is_above(x, threshold):
    return ops.cast(x > threshold, "float32")


def _kernel(x, threshold, bandwidth: float):
    """K((x - t) / e) / e of the box."""
    return ops.cast(ops.abs(x - threshold) < 0.5 * bandwidth, "float32") / bandwidth


def _learned_by(threshold, slope):
    """0, whose gradient to the threshold is the slope, taken as it is."""
    return ops.stop_gradient(slope) * (threshold - ops.stop_gradient(threshold))


def geometric_median(points: np.ndarray, tolerance: float = 1e-6) -> np.ndarray:
    """The point [d] of the least summed distance to points [N, d], by Weiszfeld's iteration.

    tolerance: of the last move, in the mean distance. Source: Weiszfeld 1937; as the start of a
    dictionary's bias Bricken et al. 2023, and Gao et al. 2024, appendix A.
    """
    points = points.astype("float64")
    centre = points.mean(axis=0)
    for _ in range(ITERATIONS):
        distances = np.linalg.norm(points - centre, axis=1)
        size = distances.mean()
        if size == 0:
            break
        weights = 1.0 / np.maximum(distances, 1e-9 * size)
        before, centre = centre, weights @ points / weights.sum()
        if np.linalg.norm(centre - before) < tolerance * size:
            break
    return centre
