"""What the methods of Run share: the folder, and data that are handed over."""

import os
import warnings
from typing import TYPE_CHECKING, Any

from aecli import runs
from aecli.api.plainly import plainly
from aecli.datasets.splits import Splits
from aecli.io import request

if TYPE_CHECKING:
    from aecli.io.arrays import Given

Path = str | os.PathLike[str]


class Opened:
    """A run's folder, in which a training has finished."""

    def __init__(self, folder: Path):
        """folder: of a run. Raises BadRequest where it is none."""
        with plainly():
            self._run = runs.find(str(folder))

    def _given(self, X: Any, labels: Any, beyond: bool = False, are_told: bool = True) -> "Given":
        """X as the training would have had it, what must be said of it as a warning."""
        request.wake(self._run)
        from aecli.io import arrays

        given = arrays.given(self._run, X, labels, beyond, are_told)
        for note in given.notes:
            warnings.warn(note, stacklevel=4)
        return given

    def _shown(self, X: Any, labels: Any) -> runs.Run:
        """The run, its test part X where there is one."""
        if X is None:
            self._run.splits  # noqa: B018  (bad data are refused before TensorFlow's seconds)
            request.wake(self._run)
            return self._run
        given = self._given(X, labels)
        return self._run.showing(given.part, "X")

    def _labelled(self, train: Any, validation: Any, test: Any) -> runs.Run:
        """The run on its own data, or on pairs (X, labels): all have labels.

        Raises BadRequest.
        """
        from aecli.runs import labelled

        if train is None and validation is None and test is None:
            labelled.check(self._run)
            request.wake(self._run)
            return self._run
        request.wake(self._run)
        from aecli.io import arrays

        (first, val, last), names = arrays.labelled(self._run, train, validation, test)
        run = self._run.holding(Splits(first, val, last, "X", names, self._run.learnt))
        labelled.check(run)
        return run
