"""Proofs of which units of a sparse code are active, and of the geometric median."""

import numpy as np
import tensorflow as tf

from aecli.models.sparse_codes import (
    geometric_median,
    jump_relu,
    kth_largest,
    largest,
    largest_of_batch,
    step,
)
from aecli.proofs.base import at_least, at_most, close, proof, same

X = np.array([[0.8, 1.04, 1.4], [0.96, 0.5, 1.11]], "float32")  # about the threshold 1


def _gradients(function, x, threshold, times=1.0):
    x, threshold = tf.constant(x), tf.constant(threshold)
    with tf.GradientTape() as tape:
        tape.watch([x, threshold])
        value = times * function(x, threshold, 0.2)
    return tape.gradient(value, [x, threshold])


@proof("k-th largest = NumPy's, to the bit: of any sign and size, of equal ones, of a batch")
def kth():
    x = np.array([[-0.0, 3e-39, 1.5, -2.0, 3.4e38], [-3e38, -1.0, -1.0, -1e-38, -7.0]], "float32")
    for k in range(1, 6):
        yield same(kth_largest(x, k), np.sort(x, axis=1)[:, -k, None])
    for k in range(1, 11):
        yield same(kth_largest(x, k, of_all=True), np.sort(x.ravel())[-k])


@proof("top-k of an example = NumPy's k largest, the others 0")
def of_an_example():
    z = np.random.default_rng(0).random((5, 9)).astype("float32")
    known = z * (z >= np.sort(z, axis=1)[:, -3:-2])
    yield same(largest(z, 3), known)
    yield same((np.asarray(largest(z, 3)) > 0).sum(1), 3.0)


@proof("top-k of a batch = NumPy's B k largest of the whole batch")
def of_a_batch():
    z = np.random.default_rng(0).random((5, 9)).astype("float32")
    found = np.asarray(largest_of_batch(z, 3))
    yield same(found, z * (z >= np.sort(z.ravel())[-15]))
    yield same((found > 0).sum(), 15.0)
    yield at_least(np.ptp((found > 0).sum(1)), 1)  # not as many of each


@proof("gradient of what is kept is 1, of what is dropped 0")
def gradient_of_the_largest():
    z = tf.constant(np.random.default_rng(0).random((5, 9)).astype("float32"))
    for function in (largest, largest_of_batch):
        with tf.GradientTape() as tape:
            tape.watch(z)
            kept = function(z, 3)
        yield same(tape.gradient(kept, z), np.asarray(kept) > 0)


@proof("JumpReLU = x 1[x > theta]; theta 0 is ReLU, its gradient to x too")
def value_of_jump_relu():
    yield same(jump_relu(X, np.float32(1.0), 0.2), X * (X > 1))
    x = np.linspace(-1, 1, 12).astype("float32")
    yield same(jump_relu(x, np.float32(0.0), 0.2), np.maximum(x, 0))
    yield same(_gradients(jump_relu, x, np.zeros(12, "float32"))[0], x > 0)


@proof("JumpReLU's gradient to theta = -theta / e inside the kernel, by hand")
def gradient_of_jump_relu():
    theta = np.array([1.0, 1.0, 1.2], "float32")
    to_x, to_theta = _gradients(jump_relu, X, theta, 3.0)
    yield close(to_theta, [3 * -1.0 / 0.2, 3 * -1.0 / 0.2, 3 * -1.2 / 0.2], rtol=1e-6)
    yield same(to_x, 3.0 * np.greater(X, theta))


@proof("L0's gradient to theta = -1 / e inside the kernel, and to x 0")
def gradient_of_step():
    theta = np.array([1.0, 1.0, 1.2], "float32")
    yield same(step(X, theta, 0.2), np.greater(X, theta))
    to_x, to_theta = _gradients(step, X, theta, 3.0)
    yield close(to_theta, [-3 / 0.2, -3 / 0.2, -3 / 0.2], rtol=1e-6)
    yield at_most(0.0 if to_x is None else np.abs(np.asarray(to_x)).max(), 0.0)


@proof("mean of either's gradient to theta = difference of its mean over x, uniform on (0, 2)")
def gradients_of_expectations():
    x, h = np.linspace(0, 2, 200_001)[1:].astype("float32"), 0.01
    theta = np.full(x.shape, 1.5, "float32")
    for function, value in ((jump_relu, lambda t: x * (x > t)), (step, lambda t: x > t)):
        known = (value(1.5 + h).mean() - value(1.5 - h).mean()) / (2 * h)
        yield close(np.asarray(_gradients(function, x, theta)[1]).mean(), known, rtol=2e-3)


@proof("geometric median of numbers = their median; unit vectors away from it add up to 0")
def median():
    rng = np.random.default_rng(0)
    numbers = rng.exponential(size=(301, 1))
    yield close(geometric_median(numbers, 1e-12)[0], np.median(numbers), atol=0.02)
    points = rng.exponential(size=(200, 4)) * [1, 2, 3, 50]
    away = points - geometric_median(points)
    pull = (away / np.linalg.norm(away, axis=1, keepdims=True)).sum(0)
    yield close(pull, 0.0, atol=2e-3)
    small = geometric_median(1e-7 * points)
    yield close(1e7 * small, geometric_median(points), rtol=1e-6)


@proof("geometric median of equal points is theirs")
def median_of_equal_points():
    return close(geometric_median(np.full((5, 3), 7.0)), 7.0, rtol=1e-12)
