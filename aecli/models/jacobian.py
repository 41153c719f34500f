"""Squared projections of a Jacobian, example by example: exact norms and Hutchinson's estimate."""

import math
from typing import Literal

import tensorflow as tf
from keras import ops

from aecli.divergences import sum_per_example

Estimate = Literal["auto", "exact", "hutchinson"]
MOST_EXACT = 64  # code units up to which `auto` evaluates the norm exactly


def is_exact(estimate: Estimate, units: int, training: bool) -> bool:
    """Whether the norm is not estimated, of codes of so many units."""
    few = not training and units <= MOST_EXACT
    return estimate == "exact" or (estimate == "auto" and few)


def of_outputs(function, x, directions):
    """|J^T v|^2 of the Jacobian J of function at each x, by one reverse pass a direction: [B, n].

    x: [B, ...]; directions v: [B, n, *the shape of an output]. function: works row by row.
    Their sum over the unit vectors is |J|_F^2; so is their mean over standard normals, of which
    each is an estimate without bias (Hutchinson 1990).
    """
    x, v = _repeated(x, directions)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    gradient = tape.gradient(y, x, output_gradients=[tf.reshape(v, tf.shape(y))])
    return _squares(gradient, directions)


def of_inputs(function, x, directions):
    """|J v|^2, by two reverse passes a direction: [B, n]. As of_outputs, v shaped as an x."""
    x, v = _repeated(x, directions)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = function(x)
        cotangent = tf.zeros_like(y)
        outer.watch(cotangent)
        gradient = inner.gradient(y, x, output_gradients=[cotangent])  # J^T of it: linear
    return _squares(outer.gradient(gradient, cotangent, output_gradients=[v]), directions)


def unit_vectors(x, shape: tuple[int, ...]):
    """Those of values of a shape, for each of x [B, ...]: [B, n, *shape], n as many as values."""
    vectors = ops.reshape(ops.eye(math.prod(shape)), (1, -1, *shape))
    return ops.repeat(vectors, ops.shape(x)[0], axis=0)


def _repeated(x, directions):
    """x [B, ...] and directions [B, n, ...] -> both [B * n, ...]."""
    x, v = tf.convert_to_tensor(x), tf.convert_to_tensor(directions)
    x = tf.repeat(x, v.shape[1], axis=0)
    return x, tf.reshape(v, (-1, *v.shape[2:]))


def _squares(found, directions):
    return ops.reshape(sum_per_example(ops.square(found)), (-1, directions.shape[1]))
