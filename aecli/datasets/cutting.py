"""Values beyond [0, 1], cut to it where a likelihood or a binarisation needs it."""

import dataclasses

import numpy as np

from aecli.datasets.splits import Split, Splits


def cut(part: Split) -> Split:
    """The same with values in [0, 1], and what was cut off as its excess."""
    whole = part.x[:]
    x = np.clip(whole, 0, 1)
    if np.array_equal(x, whole, equal_nan=True):
        return part
    return dataclasses.replace(part, x=x, excess=np.nan_to_num(whole - x))


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
    count = sum(int(np.count_nonzero(part.excess)) for part in parts if part.excess is not None)
    of = sum(part.x.size for part in parts)
    if not count:
        return ""
    return (
        f"{count:,} of {of:,} values lie beyond the training part's range and are cut to [0, 1], "
        "as the loss or binarize needs it"
    )
