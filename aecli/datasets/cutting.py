"""Values beyond [0, 1], cut to it where a likelihood or a binarisation needs it."""

import dataclasses

import numpy as np

from aecli.datasets.rows import changed, in_blocks
from aecli.datasets.splits import Split, Splits, value_range


def cut(part: Split) -> Split:
    """The same with values in [0, 1], and what was cut off as its excess."""
    low, high = value_range(part)
    if low >= 0 and high <= 1:
        return part
    x, shape = part.as_floats(), part.x.shape[1:]
    return dataclasses.replace(
        part,
        x=changed(x, lambda rows: np.clip(rows, 0, 1), shape),
        excess=changed(x, _beyond, shape),
    )


def _beyond(whole: np.ndarray) -> np.ndarray:
    return np.nan_to_num(whole - np.clip(whole, 0, 1))


def cut_to_unit_range(splits: Splits) -> Splits:
    """Scaled data, of which values beyond the training part's range are cut to [0, 1]."""
    done = {id(part): cut(part) for part in (splits.train, splits.val, splits.test)}
    train, val, test = (done[id(part)] for part in (splits.train, splits.val, splits.test))
    notes = (*splits.notes, cut_note(train, val, test))
    return dataclasses.replace(
        splits,
        train=train,
        val=val,
        test=test,
        learnt=dataclasses.replace(splits.learnt, clips=True),
        notes=tuple(note for note in notes if note),
        grid=splits.grid and splits.grid.mapped(lambda x: cut(Split(x)).x[:]),
    )


def cut_note(*parts: Split) -> str:
    """How many values were cut to [0, 1]; "" where none was."""
    parts = tuple({id(part): part for part in parts}.values())
    cut_off = [part.excess for part in parts if part.excess is not None]
    count = sum(int(np.count_nonzero(block)) for one in cut_off for block in in_blocks(one))
    of = sum(part.x.size for part in parts)
    if not count:
        return ""
    return (
        f"{count:,} of {of:,} values lie beyond the training part's range and are cut to [0, 1], "
        "as the loss or binarize needs it"
    )
