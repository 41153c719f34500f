"""Quantiles as operations of Keras, for a model that takes rows of a table as a file has them."""

import numpy as np
from keras import ops

from aecli.datasets.quantiles import Quantiles


def scaled(x, quantiles: Quantiles):
    """As Quantiles of [B, 1, W, 1]: a sum of ramps between knots, and of steps at equal ones."""
    taken = ops.take(x, quantiles.at.astype("int32"), axis=2)  # [B, 1, n, 1]
    knots = quantiles.knots.T[None, None]  # [1, 1, n, K]
    low, rise = knots[..., :-1], np.diff(knots, axis=-1)
    share = np.float32(1 / (knots.shape[-1] - 1))
    ramps = ops.clip((taken - low) / np.where(rise > 0, rise, 1).astype("float32"), 0.0, 1.0)
    above = ops.cast(ops.greater(taken, low), "float32")
    steps = 0.5 * (above + ops.cast(ops.greater_equal(taken, low), "float32"))
    made = ops.sum(ops.where(rise > 0, ramps, steps), axis=-1, keepdims=True) * share
    made = ops.where(ops.equal(taken, knots[..., -1:]), 1.0, made)
    made = ops.where(ops.equal(taken, knots[..., :1]), 0.0, made)
    return _beside_others(x, made, quantiles)


def undone(x, quantiles: Quantiles):
    """As Quantiles.undone of [B, 1, W, 1]."""
    taken = ops.take(x, quantiles.at.astype("int32"), axis=2)
    knots = quantiles.knots.T[None, None]
    count = knots.shape[-1] - 1
    ramps = ops.clip(taken * float(count) - np.arange(count, dtype="float32"), 0.0, 1.0)
    risen = ops.sum(ramps * np.diff(knots, axis=-1), axis=-1, keepdims=True)
    return _beside_others(x, risen + knots[..., :1], quantiles)


def _beside_others(x, made, quantiles: Quantiles):
    """x [B, 1, W, 1] with `made` at the places that are scaled."""
    width = x.shape[2]
    others = np.setdiff1d(np.arange(width), quantiles.at)
    if not len(others):
        return made
    order = np.argsort(np.concatenate([quantiles.at, others])).astype("int32")
    both = [made, ops.take(x, others.astype("int32"), axis=2)]
    return ops.take(ops.concatenate(both, axis=2), order, axis=2)
