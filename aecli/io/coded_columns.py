"""A Coding as operations of Keras, for a model that takes rows of a table as a file has them."""

import numpy as np
from keras import ops

from aecli.datasets.coding import FLAG, Coding


def coded(x, coding: Coding):
    """As Coding.coded: [B, D] -> [B, M]."""
    if coding.is_plain and all(fill is None for fill in coding.fills):
        return x
    taken = ops.take(x, coding.source.astype("int32"), axis=1)
    gap = ops.isnan(taken)
    filled = ops.where(gap, np.nan_to_num(coding.filled)[None], taken)
    of_values = ops.cast(ops.equal(filled, coding.value[None]), "float32")
    made = ops.where((coding.value >= 0)[None], of_values, filled)
    return ops.where((coding.value == FLAG)[None], ops.cast(gap, "float32"), made)


def undone(y, coding: Coding):
    """As Coding.undone: [B, M] -> [B, D]."""
    if coding.is_plain:
        return y
    numbers = [place for place, size in enumerate(coding.sizes) if not size]
    others = [place for place, size in enumerate(coding.sizes) if size]
    found = [ops.take(y, coding.starts[numbers].astype("int32"), axis=1)] if numbers else []
    for place in others:
        start, size = int(coding.starts[place]), coding.sizes[place]
        found.append(_first_largest(y[:, start : start + size], size))
    order = np.argsort([*numbers, *others]).astype("int32")
    return ops.take(ops.concatenate(found, axis=1), order, axis=1)


def _first_largest(values, size: int):
    """[B, size] -> [B, 1] float32: as argmax, which few programs know as TensorFlow writes it."""
    is_largest = ops.equal(values, ops.max(values, axis=1, keepdims=True))
    places = ops.where(is_largest, np.arange(size, dtype="float32")[None], float(size))
    return ops.min(places, axis=1, keepdims=True)
