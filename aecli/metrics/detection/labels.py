"""What is normal: by normal=..., or by what the run was trained on."""

from collections.abc import Sequence

import numpy as np

from aecli import runs
from aecli.errors import BadRequest
from aecli.io.chosen import chosen, listed
from aecli.io.given import Read


def normal(stated: Sequence[int | str] | None, own: runs.Run) -> list | None:
    """The labels that are normal, by name where they have names; None where that is not known.

    stated: by the user, as normal=[...]. Else those of the training images, where dataset.classes
    or the data left out others.
    """
    if stated is not None:
        return list(stated)
    train, test, names = own.learnt.train_labels, own.learnt.test_labels, own.learnt.label_names
    if train is None or test is None:
        return None
    if own.config.dataset.get("classes") is None and np.isin(test, train).all():
        return None
    return [names[number] for number in train] if names else train


def of_read(run: runs.Run, asked: Read) -> tuple[np.ndarray | None, tuple[str, ...] | None]:
    """The labels [N] of the images asked for, and their names; None where there are none."""
    if asked.found is None:
        return getattr(run.splits, asked.split).labels, run.splits.label_names
    return asked.found.split.labels, asked.found.label_names


def known(
    run: runs.Run,
    labels: np.ndarray | None,
    names: tuple[str, ...] | None,
    normal: list | None,
    is_stated: bool,
) -> np.ndarray | None:
    """Which of some images are normal, [N] bool, or None where that is not known.

    labels, names: of the images; is_stated: whether the user said what is normal. Raises BadRequest
    for a stated label that is not there.
    """
    if normal is None:
        return None
    if not is_stated:
        is_normal = chosen(labels, names, normal)
        return is_normal if is_normal is not None and is_normal.any() else None
    if labels is None:
        raise BadRequest("normal needs labels, and these images have none\nleave it out")
    for one in normal:
        if run.learnt.train_labels is None and names and str(one) not in names:
            raise BadRequest(
                f"normal: {one!r} is no label here, where they are texts: {listed(labels, names)}"
            )
        if not chosen(labels, names, [one]).any():
            raise BadRequest(f"normal: {one!r} is no label here; there is {listed(labels, names)}")
    return chosen(labels, names, normal)
