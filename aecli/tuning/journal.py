"""Optuna's storage of a study: a journal of lines that any number of processes share."""

import fcntl
import math
import os
import pathlib
from typing import Any

from aecli.errors import BadRequest
from aecli.locking import flock
from aecli.tuning import engine
from aecli.tuning.space import Param
from aecli.untrusted.bounded import open_in_place

FILE = "journal.log"
MAX_BYTES = 256 * 2**20  # a trial of 100 epochs takes 15,000
MAX_LINE = 2**20  # bytes; a trial is one, with every searched key


DAMAGE = (  # what Optuna raises for lines that are off
    ValueError, KeyError, TypeError, AttributeError, AssertionError, IndexError, RecursionError,
    OverflowError,
)  # fmt: skip


class Journal:
    """The trials of a study's folder; each look reads what other processes have added."""

    def __init__(self, folder: pathlib.Path, direction: str, pruner: Any = None):
        """Makes the journal where there is none. Raises BadRequest for what is none."""
        optuna, path = engine.imported(), str(folder / FILE)
        self.direction = direction
        _check(path)
        try:
            backend = optuna.storages.journal.JournalFileBackend(path, lock_obj=Lock(path))
            self._storage = optuna.storages.JournalStorage(backend)
            if not self._storage.get_all_studies():
                optuna.create_study(
                    study_name=engine.STUDY,
                    storage=self._storage,
                    direction=direction,
                    load_if_exists=True,  # another process may be quicker
                )
            self.study = optuna.load_study(
                study_name=engine.STUDY,
                storage=self._storage,
                sampler=optuna.samplers.RandomSampler(),  # not asked here: see proposals
                pruner=pruner or optuna.pruners.NopPruner(),
            )
        except DAMAGE:
            raise BadRequest(f"{path} is damaged, or no journal of Optuna's") from None

    @property
    def trials(self) -> list[Any]:
        """Optuna's FrozenTrials, the number of each its place."""
        return self.study.get_trials(deepcopy=False)

    @property
    def finished(self) -> int:
        return sum(trial.state.is_finished() for trial in self.trials)

    @property
    def ranked(self) -> list[Any]:
        """The completed trials, the best first, the earlier of equals first."""
        sign = -1 if self.direction == "maximize" else 1
        done = [t for t in self.trials if t.state.name == "COMPLETE" and math.isfinite(t.value)]
        return sorted(done, key=lambda trial: (sign * trial.value, trial.number))

    def begin(self, params: list[Param], point: dict[str, Any]) -> int:
        """Enter a trial that runs, in one line of the journal; returns its number.

        One process at a time: the caller holds the study.
        """
        trial = engine.imported().trial
        number = len(self.trials)
        distributions = {param.key: param.distribution() for param in params}
        running = trial.TrialState.RUNNING
        self.study.add_trial(
            trial.create_trial(state=running, params=point, distributions=distributions)
        )
        return number

    def report(self, number: int, epoch: int, value: float) -> None:
        """epoch: from 1 on. What was reported before stays."""
        if epoch not in self.trials[number].intermediate_values:
            self._storage.set_trial_intermediate_value(self._id(number), epoch, value)

    def should_stop(self, number: int) -> bool:
        return self.study.pruner.prune(self.study, self.trials[number])

    def tell(self, number: int, state: str, value: float | None, reason: str | None) -> None:
        """state: COMPLETE, PRUNED or FAIL."""
        if reason is not None:
            self._storage.set_trial_user_attr(self._id(number), "reason", reason)
        self.study.tell(number, value, engine.imported().trial.TrialState[state])

    def _id(self, number: int) -> int:
        study = self._storage.get_study_id_from_name(engine.STUDY)
        return self._storage.get_trial_id_from_study_id_trial_number(study, number)


def _check(path: str) -> None:
    """Make the file where there is none. Raises BadRequest where Optuna would read without end."""
    with open(open_in_place(path, os.O_RDWR | os.O_CREAT), "rb") as file:
        if os.fstat(file.fileno()).st_size > MAX_BYTES:
            raise BadRequest(f"{path} has more than {MAX_BYTES >> 20} MiB: it is none of ours")
        while line := file.readline(MAX_LINE + 1):
            if len(line) > MAX_LINE:
                raise BadRequest(f"{path} is damaged: a line has more than {MAX_LINE:,} bytes")


class Lock:
    """Dies with its process; mends what a killed one left: a line without an end."""

    def __init__(self, path: str):
        self._path = path

    def acquire(self) -> bool:
        self._file = open_in_place(self._path, os.O_RDWR)
        flock(self._file, fcntl.LOCK_EX)
        cut_partial_line(self._file)
        return True

    def release(self) -> None:
        os.close(self._file)


def cut_partial_line(file: int) -> None:
    """The next line would continue it, and none after that could be read."""
    size = os.fstat(file).st_size
    start = max(0, size - MAX_LINE)
    if size and os.pread(file, 1, size - 1) != b"\n":
        os.ftruncate(file, start + os.pread(file, MAX_LINE, start).rfind(b"\n") + 1)
