"""Dataset: what every data set can be asked for, and the way from a source's arrays to Splits."""

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from aecli.component import Component
from aecli.datasets import ranges
from aecli.datasets.chosen import Chosen
from aecli.datasets.cutting import cut_note
from aecli.datasets.learnt import Learnt
from aecli.datasets.rows import positions
from aecli.datasets.source import Source as Source
from aecli.datasets.source_file import shown
from aecli.datasets.splits import Split as Split
from aecli.datasets.splits import Splits as Splits
from aecli.errors import BadRequest

Parts = tuple[Split, Split | None, Split | None]  # training, validation, test
Count = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Scale = Literal["auto", "none", "minmax", "standard"]  # auto: images of a known range to [0, 1]
TableScale = Literal["none", "minmax", "standard", "robust", "quantile"]
ValidationSize = Annotated[
    Count | Fraction | Literal["test"],
    Field(description="images, or a fraction of the training part, or 'test': the test split"),
]
TestSize = Annotated[
    Count | Fraction | Literal["train"],
    Field(description="images, or a fraction of the source, or 'train': test on the training part"),
]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Dataset(Component):
    """Base of the data sets: a subclass writes `read`.

    One whose source has no test part also has the field `test_size: TestSize`.
    `load` is a pure function of the fields and of the files. licence: of the data, for who is given
    a model of them: "unknown" where it could not be looked up; hub_name: what they are called on
    Hugging Face's Hub, "" where they are not there.
    """

    group: ClassVar[str] = "dataset"
    licence: ClassVar[str] = "unknown"
    hub_name: ClassVar[str] = ""
    if TYPE_CHECKING:
        test_size: ClassVar[Any]  # a field, of those whose source has no test part

    validation_size: ValidationSize = 0.1
    classes: Annotated[
        list[int | str] | None, Field(min_length=1, description="labels or label names to keep")
    ] = None
    limit: Annotated[
        Count | None, Field(description="at most this many images in each of the three parts")
    ] = None
    binarize: Literal["none", "fixed", "threshold", "dynamic"] = "none"
    scale: Scale = "none"
    scale_per: Literal["feature", "global", "channel"] = "feature"
    seed: Annotated[int, Field(ge=0, description="of the split and of binarize=fixed")] = 0

    def read(self) -> Source:
        """The source's arrays, checked; raises BadRequest that names the file."""
        raise NotImplementedError

    def found_at(self) -> str | None:
        """Where its files lie on this machine, "" where it needs none, None: not here.

        Nothing is read and nothing downloaded.
        """
        return getattr(self, "path", "")

    def like(self, learnt: Learnt) -> "Dataset":
        """The same reader; what its settings leave open is as it was in a training."""
        return self

    def load(self, learnt: Learnt | None = None) -> Splits:
        """Class subset, split, limit, reading, unit, scaling, binarisation, in this order.

        The training part is shuffled; a test part that the source has keeps its order. Scaling
        knows the training part alone. learnt: of a training on other data, or on these as they
        were: then nothing is learnt anew, and unit, scaling, binarisation and the numbers of the
        labels are that training's. Raises BadRequest.
        """
        if learnt is None:
            source, parts, notes = self.parts()
            learnt = Learnt.of(source, parts, self.scale, self.scale_per, self.binarize, self.seed)
            notes += source.summary
        else:
            source = learnt.labelled(self.like(learnt).read())
            chosen = self._chosen(source)
            source, chosen = chosen.read(source, everything=self.limit is None)
            source, found = learnt.in_unit(source)
            notes = [*source.notes, *found]
            parts = chosen.of(source)
        train, val, test = parts
        origin, names, grid = source.origin, source.label_names, source.grid
        del source, parts  # the memory of all rows together is free
        train = learnt.in_model_units(train, self.seed, 1)
        test = train if test is None else learnt.in_model_units(test, self.seed, 3)
        val = test if val is None else learnt.in_model_units(val, self.seed, 2)
        if note := cut_note(train, val, test):
            notes.append(note)
        grid = grid and grid.mapped(learnt.as_given)
        return Splits(train, val, test, origin, names, learnt, tuple(notes), grid)

    def parts(self) -> tuple[Source, Parts, list[str]]:
        """What a training reads, in its unit, before anything is learnt of it.

        -> the source; its training, validation and test part, None as in Chosen; what to say of
        it. Raises BadRequest.
        """
        source = self.read()
        chosen = self._chosen(source)
        source, chosen = chosen.read(source, everything=self.limit is None)
        notes = [*source.notes]
        source = source.in_own_unit(by_range=self.scale == "auto")
        notes += filter(None, [ranges.note(source.unit)])
        return source, chosen.of(source), notes

    def _chosen(self, source: Source) -> Chosen:
        """Which images each part gets; no value of any is looked at."""
        pool, test = self._of_classes(source.train, source, "training"), None
        rng = np.random.default_rng([self.seed, 0])
        rows, val = rng.permutation(positions(len(pool))), None
        if source.test is not None:
            test = self._of_classes(source.test, source, "test")
            if self.limit is not None and len(test) > self.limit:
                test = test[rng.permutation(len(test))[: self.limit]]
        elif self.test_size != "train":
            rows, held_out = cut_rows(rows, self.test_size, "test_size")
            test = pool[held_out[: self.limit]]
        if self.validation_size != "test":
            rows, held_out = cut_rows(rows, self.validation_size, "validation_size")
            val = pool[held_out[: self.limit]]
        return Chosen(pool[rows[: self.limit]], val, test)

    def _of_classes(self, part: Split, source: Source, name: str) -> np.ndarray:
        """The positions of the images with a label that is asked for."""
        if self.classes is None:
            return positions(len(part))
        if part.labels is None:
            raise BadRequest(
                f"dataset.classes={self.classes} needs labels, and the {name} part of "
                f"{source.origin} has none; leave it out: dataset.classes=null"
            )
        names = source.label_names or ()
        numbers = [names.index(c) if c in names else c for c in self.classes]
        present = np.unique(part.labels).tolist()
        missing = [c for c, n in zip(self.classes, numbers, strict=True) if n not in present]
        if missing:
            known = ", ".join(f"{n} ({shown(names[n])})" if names else str(n) for n in present[:20])
            raise BadRequest(
                f"dataset.classes: {missing[0]!r} is no label of the {name} part of "
                f"{source.origin}; it has {known}{', ...' if len(present) > 20 else ''}"
            )
        return np.flatnonzero(np.isin(part.labels, numbers))


def cut_rows(rows: np.ndarray, size: int | float, key: str) -> tuple[np.ndarray, np.ndarray]:
    """(what remains, the last `size` rows); both have at least one."""
    count = size if isinstance(size, int) else max(1, round(size * len(rows)))
    if len(rows) < 2:
        raise BadRequest(
            f"dataset.{key}={size}: {len(rows)} image left, which cannot be shared out\n"
            "training, validation and test need one each: give at least 3"
        )
    if count >= len(rows):
        raise BadRequest(
            f"dataset.{key}={size} leaves no training image of {len(rows):,}; "
            f"choose fewer or a fraction, as in dataset.{key}=0.1"
        )
    return rows[:-count], rows[-count:]
