"""The labels that a conditional model is told: those of images, or one that is stated."""

import dataclasses
from typing import Annotated

import numpy as np
from pydantic import Field

from aecli.errors import BadRequest
from aecli.io.chosen import Names, chosen, listed
from aecli.io.codes import read_labels
from aecli.io.given import Images
from aecli.runs import Run

Label = Annotated[int | str | None, Field(description="a label of the training, or its name")]


def known(run: Run) -> list[int]:
    """The labels of the training images; [] for a model that asks for none."""
    if run.model.label_count is None:
        return []
    labels = run.learnt.train_labels
    assert labels is not None  # the model was told them in its training
    return list(labels)


def name(run: Run, label: int) -> str:
    """As the user knows it."""
    names = run.learnt.label_names
    return names[label] if names else str(label)


def names(run: Run, labels: np.ndarray) -> np.ndarray:
    """[N] as the user knows them."""
    known_names = run.learnt.label_names
    return np.array(known_names)[labels] if known_names else labels


def in_turn(run: Run, n: int) -> np.ndarray | None:
    """The labels of the training one after another, [n]; None for a model that asks for none."""
    labels = known(run)
    return np.resize(labels, n) if labels else None


def stated(run: Run, label: int | str | None) -> int | None:
    """The number of label=...; None where none is stated. Raises BadRequest."""
    if label is None:
        return None
    if run.model.label_count is None:
        raise BadRequest(f"label={label}: this model is told no labels\nleave it out")
    labels = np.array(known(run))
    is_it = chosen(labels, run.learnt.label_names, [label])
    if not is_it.any():
        raise BadRequest(
            f"label={label}: the training knew {listed(labels, run.learnt.label_names)}"
        )
    return int(labels[is_it][0])


def held(run: Run, label: int | str | None) -> int | None:
    """The stated label, else the first of the training; None for a model that asks for none.

    Raises BadRequest.
    """
    number = stated(run, label)
    return next(iter(known(run)), None) if number is None else number


def of_images(run: Run, images: Images, label: int | str | None, relabels=False) -> Images:
    """The images, each with a label that the model can be told: its own, else the stated one.

    relabels: whether one may be stated beside their own, for what is made of them. Any images will
    do for a model that asks for no labels. Raises BadRequest.
    """
    number = stated(run, label)
    if number is not None and images.labels is not None and not relabels:
        raise BadRequest(f"label={label}: these images have labels of their own\nleave it out")
    if run.model.label_count is None:
        return images
    if images.labels is None and number is not None:
        return dataclasses.replace(images, labels=np.full(len(images), number))
    check(run, images.labels, images.label_names, images.origin)
    return images


def of_codes(run: Run, path: str, label: int | str | None) -> np.ndarray | int | None:
    """What the decoder is told: the stated label, else those beside the codes in a file, [N].

    None for a model that asks for none. Raises BadRequest.
    """
    number = stated(run, label)
    if run.model.label_count is None or number is not None:
        return number
    labels, names = read_labels(path, run.learnt)
    check(run, labels, names, path)
    return labels


def check(run: Run, labels: np.ndarray | None, names: Names, origin: str) -> None:
    """Raises BadRequest for labels that a conditional model was not told in its training."""
    if labels is None:
        raise BadRequest(
            f"this model needs the label of each image, and {origin} has none\n"
            f"state one for all, as in label={name(run, known(run)[0])}, or give the file a column "
            "label (npz: an array)"
        )
    if (unknown := np.setdiff1d(labels, known(run))).size:
        raise BadRequest(
            f"{origin} has labels that the training did not know: {listed(unknown, names)}"
        )
