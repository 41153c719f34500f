"""The classifier of the sample scores, trained once for the same data, code and machine."""

import contextlib
import hashlib
import inspect
import json
import pathlib
from typing import Any

import numpy as np

from aecli.cache import own_folder
from aecli.datasets.numpy_file import npz_headers, read_npz
from aecli.errors import BadRequest, CannotWrite
from aecli.files import remove, replacing, writing
from aecli.metrics import classifier
from aecli.metrics.classifier import Classifier
from aecli.training.environment import environment

FOLDER = "classifiers"  # in the user's cache
KEPT = 50  # files at most, of about 1 MB each


def kept_classifier(x: np.ndarray, labels: np.ndarray, steps: int, seed: int) -> Classifier:
    """What trained_classifier gives, to the bit; one that was trained before is read.

    Its weights are in an .npz named after all that they depend on: images, labels and settings, the
    code, the libraries, the processor and its threads. Where the folder cannot be made, or others
    may write to it, nothing is read or kept.
    """
    made = classifier.untrained_classifier(x, labels, steps, seed)
    folder = own_folder(FOLDER)
    path = None if folder is None else folder / f"{_key(made)}.npz"
    weights = None if path is None else _read(path, made)
    if weights is not None:
        made.network.set_weights(weights)
        return made
    classifier.train(made, x, labels, steps, seed)
    if path is not None:
        with contextlib.suppress(CannotWrite):  # a full disk costs the next one its time
            _write(path, made)
    return made


def _key(made: Classifier) -> str:
    """SHA-256 of what it is made of, and of what the bits of its weights depend on beside."""
    beside = environment(jit_compile=False, feed="dataset")
    text = json.dumps([made.made_of, inspect.getsource(classifier), beside])
    return hashlib.sha256(text.encode()).hexdigest()


def _read(path: pathlib.Path, made: Classifier) -> list[np.ndarray] | None:
    """The weights of such a network; None where there are none, or the file is damaged."""
    expected = {str(i): (w.dtype, w.shape) for i, w in enumerate(made.network.get_weights())}
    if not path.is_file():
        return None
    try:
        found = {name: (header.dtype, header.shape) for name, header in npz_headers(path).items()}
        if found != expected:
            return None
        weights = read_npz(path, list(expected))
    except BadRequest:
        return None
    return [weights[name] for name in expected]


def _write(path: pathlib.Path, made: Classifier) -> None:
    """Whole or not at all; the oldest of more than KEPT go. Raises CannotWrite."""
    weights: dict[str, Any] = {str(i): w for i, w in enumerate(made.network.get_weights())}
    with replacing(path) as temporary:
        np.savez(temporary, **weights)
    with writing(path.parent):
        by_age = sorted(path.parent.glob("*.npz"), key=lambda file: file.stat().st_mtime)
        for old in by_age[:-KEPT]:
            remove(old)
