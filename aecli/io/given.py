"""The images that a command works on: those of the run, of another data set, or of a file."""

import dataclasses

import numpy as np

from aecli.datasets.factors import Factors
from aecli.datasets.windows import Windows
from aecli.errors import BadRequest
from aecli.io import readers
from aecli.runs import Run
from aecli.runs import data as run_data


@dataclasses.dataclass(frozen=True)
class Images:
    """x: [N, H, W, C] float32, what the model is given, scaled as in its training.

    clean: the same without noise, None where that is not known; labels: [N] int64 or None;
    label_names[i]: the name of label i; files: the name of each image's file, None where the
    images are not files of their own; origin: where they come from, for the user; excess: what was
    cut off from x, of its shape, None where nothing was; windows: where in a recording they are;
    ids: of the rows of a table, texts or numbers [N]; factors: what they were drawn from.
    """

    x: np.ndarray
    clean: np.ndarray | None
    labels: np.ndarray | None
    label_names: tuple[str, ...] | None
    files: list[str] | None
    origin: str
    excess: np.ndarray | None = None
    windows: Windows | None = None
    ids: np.ndarray | None = None
    factors: Factors | None = None

    def __len__(self) -> int:
        return len(self.x)

    @property
    def whole(self) -> np.ndarray:
        """x before anything was cut off."""
        return self.x if self.excess is None else self.x + self.excess


@dataclasses.dataclass(frozen=True)
class Read:
    """What was read, before TensorFlow is needed. found: None for a split of the run's own data."""

    split: str
    found: readers.Found | None = None


def read(
    run: Run, path: str | None, split: str = "test", beyond: bool = False, key: str = "input"
) -> Read:
    """What run=..., input=path and split=... ask for. TensorFlow-free.

    path: a file or folder of images; None for the run's own data (or those that replace them).
    beyond: whether values of a file outside of the training's range may pass; key: the setting
    that names the path. Raises BadRequest.
    """
    if split not in ("train", "val", "test"):
        raise BadRequest(f"split must be train, val or test; got {split!r}")
    if path is None:
        run.splits  # noqa: B018  (read and checked)
        return Read(split)
    found = readers.found(path, run.learnt, split, beyond, key)
    for note in found.notes:
        run_data.say(note)
    return Read(split, found)


def images(run: Run, read: Read, noise: bool = True) -> Images:
    """noise: whether the run's own images get the run's corruption.

    Those of a file are taken as they are, unless a noise was stated for the command.
    """
    found = read.found
    if found is None:
        x, clean, labels = run.examples(read.split)
        origin = f"{read.split} split of {run.splits.source}"
        names, part = run.splits.label_names, getattr(run.splits, read.split)
        further = part.beside | {"factors": part.factors}
        return Images(x if noise else clean, clean, labels, names, None, origin, **further)
    x, clean = found.split.pixels(), None
    if noise and run.noise_is_stated:
        x, clean = run.preparation.frozen(x)
    part = found.split
    known = part.labels, found.label_names, found.files, found.path
    return Images(x, clean, *known, **part.beside)
