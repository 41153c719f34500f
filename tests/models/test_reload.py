"""Models in a fresh process, by plain Keras and the README's lines: every option of every room."""

import itertools
import sys

import numpy as np
import pytest
from cli_script import run
from options import (
    SMALL_IMAGES,
    examples,
    fitting,
    losses,
    models,
    options,
    stands_for_others,
    vocabulary_of,
)

from aecli import build

LOAD = """
import pathlib

import aecli, keras
import numpy as np

for path in sorted(pathlib.Path().glob("*.keras")):
    model = keras.models.load_model(path)
    expected, x = np.load(path.with_suffix(".npy")), np.load(path.with_suffix(".x.npy"))
    label = None if model.label_count is None else np.arange(3)
    np.testing.assert_allclose(model.reconstruct(x, label), expected, rtol=1e-4, atol=1e-5)
    print(path.stem)
"""


@pytest.mark.slow
def test_every_option_is_loaded_by_plain_keras_in_a_fresh_process(compose, images, tmp_path):
    """Whatever a room's folder holds is known by importing aecli: no list has to name it."""
    saved = []
    pairs = itertools.product(models(), options("network"))
    cases = [
        words
        for pair in pairs
        if stands_for_others(*pair) and (words := fitting(*pair)) is not None
    ]
    cases += [[f"loss={option}", *SMALL_IMAGES.get(option, [])] for option in losses()]
    for words in cases:
        network = next((w.partition("=")[2] for w in words if w.startswith("network=")), "mlp")
        x = examples(network, images[:3])
        model = build.model(
            compose(*words), x.shape[1:], 3, vocabulary=vocabulary_of(network), train_count=9
        )
        saved.append(" ".join(words).replace("/", " "))
        label = None if model.label_count is None else np.arange(3)
        np.save(tmp_path / f"{saved[-1]}.x.npy", x)
        np.save(tmp_path / f"{saved[-1]}.npy", model.reconstruct(x, label))
        model.save(tmp_path / f"{saved[-1]}.keras")
    done = run([sys.executable, "-c", LOAD], tmp_path)
    assert done.stdout.splitlines() == sorted(saved), done.stderr
