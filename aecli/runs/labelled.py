"""What probe and finetune need: a run whose images have labels."""

import numpy as np

from aecli.errors import BadRequest
from aecli.runs import Run

PARTS = ("train", "val", "test")


def check(run: Run) -> None:
    """Raises BadRequest unless all images have labels, two kinds of them at least."""
    nouns = run.spec.nouns
    for name in PARTS:
        if getattr(run.splits, name).labels is None:
            raise BadRequest(
                f"this needs labels, and the {name} {nouns} of {run.splits.source} have none\n"
                "name another data set, as in dataset=mnist"
            )
    train, val, test = (np.unique(getattr(run.splits, name).labels) for name in PARTS)
    if len(train) < 2:
        raise BadRequest(
            f"this needs {nouns} of two labels at least; the training's have one, {train[0]}\n"
            "name another data set, as in dataset=mnist, or a run of several classes"
        )
    unseen = np.setdiff1d(np.union1d(val, test), train).tolist()
    if unseen:
        raise BadRequest(f"there are labels that no training image has: {unseen}")


def kinds(run: Run) -> int:
    """How many labels the training examples have."""
    return len(np.unique(run.splits.train.needed_labels()))
