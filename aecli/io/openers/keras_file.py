"""Runs a .keras file."""

from typing import Any

import keras

import aecli.latents  # layers of its own
import aecli.networks  # noqa: F401


def opened(path):
    model: Any = keras.models.load_model(path)
    return lambda *x: keras.ops.convert_to_numpy(model(x if x[1:] else x[0]))
