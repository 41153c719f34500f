"""The data of a run: read as its training learnt them, whatever file they come from."""

import dataclasses
import pathlib
import sys
from typing import Any

from aecli.datasets import learnt_file
from aecli.datasets.learnt import Learnt
from aecli.datasets.splits import Splits
from aecli.dataspec import by
from aecli.errors import BadRequest

NAME = "data.json"
OF_THE_RUN = {  # {key: its defaults}
    "scale": ("none", "auto"),
    "scale_per": ("feature",),
    "binarize": ("none",),
}


def write(folder: pathlib.Path, splits: Splits) -> None:
    """What a training has learnt of its Splits, and the fingerprints by which it knows them."""
    learnt = dataclasses.replace(splits.learnt, fingerprints=splits.fingerprints)
    learnt_file.write(folder / NAME, learnt)


def learnt_again(dataset: Any) -> Learnt:
    """What a run of before it was kept learnt of its dataset."""
    found = dataset.load().learnt
    return dataclasses.replace(found, clips=dataset.scale == "minmax")


def own(learnt: Learnt, dataset: Any) -> Splits:
    """The run's own data, as they are today; says where that is not as the training knew them."""
    try:
        splits = dataset.load(learnt)
    except BadRequest as error:
        if "\n" in str(error):
            raise
        raise BadRequest(
            f"{error}\nthe run's own data are asked for; name others: input=FILE"
        ) from None
    now = splits.fingerprints if learnt.fingerprints else {}
    changed = [part for part, known in learnt.fingerprints.items() if now[part] != known]
    if changed:
        say(
            f"these are not the data of the training any more, {', '.join(changed)} changed: "
            f"{splits.source}"
        )
    return splits


def stated(learnt: Learnt, dataset: Any, beyond: bool) -> Splits:
    """Other data, read as the training's; says what was made of them.

    beyond: whether values outside of the training's range may pass. Raises BadRequest for data of
    another shape or unit.
    """
    splits = dataset.load(learnt)
    if tuple(splits.data_shape) != tuple(learnt.shape):
        raise BadRequest(
            f"dataset has images of {by(splits.data_shape)}; "
            f"this run was trained on {by(learnt.shape)}"
        )
    parts = {id(part): part for part in (splits.train, splits.val, splits.test)}.values()
    name = f"dataset ({splits.source})"
    notes = [*splits.notes, *(learnt.check_range(name, part, beyond) for part in parts)]
    for note in dict.fromkeys(notes):
        say(note)
    return splits


def keep_own(node: dict, config: Any) -> None:
    """Give a stated dataset the scaling and binarisation of the run. Raises BadRequest.

    They belong to the training; what is stated otherwise is refused.
    """
    for key, defaults in OF_THE_RUN.items():
        ours = config.get(key)
        if ours is None or key not in node:
            continue
        if node[key] not in (ours, *defaults):
            raise BadRequest(
                f"dataset.{key}={node[key]}: the run's own counts, {ours}\nleave it out"
            )
        node[key] = "none" if ours == "auto" else ours  # the unit is the run's, whoever reads


def say(note: str) -> None:
    if note:
        print(f"data   {note}", file=sys.stderr)
