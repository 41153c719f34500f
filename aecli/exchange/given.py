"""The images that a command works on: those of the run, of another data set, or of a file."""

import dataclasses
import pathlib

import numpy as np

from aecli.datasets.base import Split
from aecli.errors import BadRequest
from aecli.exchange import readers
from aecli.runs import Run

BEYOND = 0.01  # of the training data's range: by so much a value may lie outside of it


@dataclasses.dataclass(frozen=True)
class Images:
    """x: [N, H, W, C] float32, what the model is given, scaled as in its training.

    clean: the same without noise, None where that is not known; labels: [N] int64 or None;
    label_names[i]: the name of label i; files: the name of each image's file, None where the
    images are not files of their own; origin: where they come from, for the user.
    """

    x: np.ndarray
    clean: np.ndarray | None
    labels: np.ndarray | None
    label_names: tuple[str, ...] | None
    files: list[str] | None
    origin: str

    def __len__(self) -> int:
        return len(self.x)


@dataclasses.dataclass(frozen=True)
class Read:
    """What was read, before TensorFlow is needed. found: None for a split of the run's own data."""

    split: str
    found: readers.Found | None = None


def read(run: Run, path: str | None, split: str = "test") -> Read:
    """What run=..., input=path and split=... ask for. TensorFlow-free.

    path: a file or folder of images; None for the run's own data (or those that replace them).
    Raises BadRequest.
    """
    if split not in ("train", "val", "test"):
        raise BadRequest(f"split must be train, val or test; got {split!r}")
    if path is None:
        run.splits  # noqa: B018  (read and checked)
        return Read(split)
    found = readers.found(path, run.data_shape, split)
    if run.dataset.scale == "none":
        _check_range(run, found.split, path)
    return Read(split, dataclasses.replace(found, split=run.dataset.alike(found.split)))


def images(run: Run, read: Read, noise: bool = True) -> Images:
    """noise: whether the run's own images get the run's corruption.

    Those of a file are taken as they are, unless a noise was stated for the command.
    """
    found = read.found
    if found is None:
        x, clean, labels = run.examples(read.split)
        origin = f"{read.split} split of {run.splits.source}"
        names = run.splits.label_names
        return Images(x if noise else clean, clean, labels, names, None, origin)
    x, clean = found.split.pixels(), None
    if noise and run.noise_is_stated:
        x, clean = run.preparation.frozen(x)
    return Images(x, clean, found.split.labels, found.label_names, found.files, found.path)


def _check_range(run: Run, part: Split, path: str) -> None:
    """Raises BadRequest for images in other units than those of the training."""
    low, high = run.data_range
    values = part.pixels()
    least, most = float(values.min()), float(values.max())
    slack = BEYOND * (high - low)
    if least < low - slack or most > high + slack:
        raise BadRequest(
            f"input={pathlib.Path(path)} has values from {least:.4g} to {most:.4g}; this run was "
            f"trained on values from {low:g} to {high:g}\nscale them alike, or store whole numbers "
            "from 0 to 255"
        )
