"""What is normal: by normal=..., or by what the run was trained on."""

import numpy as np
from omegaconf import DictConfig

from aecli import runs
from aecli.errors import BadRequest
from aecli.io.chosen import chosen, listed
from aecli.io.given import Read


def normal(cfg: DictConfig, own: runs.Run) -> list | None:
    """The labels that are normal, by name where they have names; None where that is not known.

    Those of the training images, where dataset.classes or the data left out others.
    """
    if cfg.normal is not None:
        return list(cfg.normal)
    train, test, names = own.learnt.train_labels, own.learnt.test_labels, own.learnt.label_names
    if train is None or test is None:
        return None
    if own.config.dataset.get("classes") is None and np.isin(test, train).all():
        return None
    return [names[number] for number in train] if names else train


def known(cfg: DictConfig, run: runs.Run, asked: Read, normal: list | None) -> np.ndarray | None:
    """Which of the images asked for are normal, [N] bool, or None where that is not known.

    Raises BadRequest for a stated label that is not there.
    """
    if normal is None:
        return None
    if asked.found is None:
        labels, names = getattr(run.splits, asked.split).labels, run.splits.label_names
    else:
        labels, names = asked.found.split.labels, asked.found.label_names
    if cfg.normal is None:
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
