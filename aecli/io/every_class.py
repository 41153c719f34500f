"""Images of every class, for a run that was trained on some of them alone."""

import dataclasses

import numpy as np

from aecli import build
from aecli.datasets.base import Split
from aecli.io import given
from aecli.io.readers import Found
from aecli.runs import Run


def read(run: Run, path: str | None, split: str, beyond: bool = False) -> given.Read:
    """As given.read; of the run's own data every class, whatever its dataset.classes says."""
    asked = given.read(run, path, split, beyond)
    if path is not None or run.config.dataset.get("classes") is None:
        return asked
    origin = f"{split} split of {run.splits.source}, every class"
    return given.Read(split, Found(origin, with_the_rest(run, split), run.splits.label_names, None))


def images(run: Run, asked: given.Read) -> given.Images:
    """As given.images, clean; what binarize=dynamic draws is frozen."""
    found = given.images(run, asked, noise=False)
    if asked.found is None or not run.preparation.dynamic:
        return found
    return dataclasses.replace(found, x=run.preparation.frozen(found.x)[1])


def with_the_rest(run: Run, split: str) -> Split:
    """The run's own split, and behind it the images of the other classes in that split.

    The run's own images are not read anew: where the source has no test part, the test split of
    all classes would hold images that the run was trained on.
    """
    own = getattr(run.splits, split)
    node = build.plain(run.config.dataset) | {"classes": None}
    every = getattr(build.component(node, "dataset").load(run.learnt), split)
    known = np.unique(run.splits.train.needed_labels())
    rest = np.flatnonzero(~np.isin(every.needed_labels(), known))
    if not len(rest):
        return own
    other = every.take(rest)
    labels = np.concatenate([own.needed_labels(), other.needed_labels()])
    ids = None
    if own.ids is not None and other.ids is not None:
        ids = np.concatenate([own.ids, other.ids])
    x, factors = np.concatenate([own.x[:], other.x[:]]), own.factors
    if factors is not None and other.factors is not None:
        both = np.concatenate([factors.values, other.factors.values])
        factors = dataclasses.replace(factors, values=both)
    return Split(x, labels, _excess(own, other), ids=ids, factors=factors)


def _excess(*parts: Split) -> np.ndarray | None:
    """Of the parts one after another."""
    if all(part.excess is None for part in parts):
        return None
    return np.concatenate(
        [np.zeros(p.x.shape, np.float32) if p.excess is None else p.excess[:] for p in parts]
    )
