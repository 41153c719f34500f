"""The search itself: claim a trial, have a process carry it out, tell Optuna what came of it."""

import contextlib
import sys
import time
from collections.abc import Iterator

from tqdm import tqdm

from aecli.jobs import hydra_sweep
from aecli.jobs.pool import GRACE, Work, run_all
from aecli.tuning import current_trial, engine, proposals, space, trials
from aecli.tuning.studies import Study
from aecli.tuning.trials import COMPLETE, FAIL, Outcome

OUTPUT = "console.txt"  # in a trial's folder: what its process said
USUAL = 80  # characters of a line; on a shorter one the bar itself is left out
# exit codes of a process that somebody stopped, or kept out
STOPPED = (4, 129, 130, 138, 143, -1, -2, -10, -15)


class Search:
    """One process's part in a study; others may have theirs at the same time.

    A trial is claimed before it is begun, and the claim goes with the process: one that was left
    behind is taken up again, from its checkpoint.
    """

    def __init__(self, study: Study):
        self.study, self.terms = study, study.terms
        self.journal = study.journal()
        self._claims: dict[int, contextlib.ExitStack] = {}
        self._numbers: dict[int, int] = {}  # {id of a work: number of its trial}
        epochs = self.terms.bases[0].config["trainer"]["epochs"]
        self._pruner = engine.pruner(self.terms.pruner, epochs)

    def carry_out(self, n_jobs: int, gpus: list[int] | None) -> None:
        """Until every trial is finished, or another process has what is left of them."""
        bar = tqdm(
            total=self.study.total,
            initial=self.journal.finished,
            desc="tune",
            unit="trial",
            disable=None,
        )
        if not bar.disable and (bar.ncols or USUAL) < USUAL:
            bar.bar_format = "{desc}: {n_fmt}/{total_fmt} {remaining}{postfix}"
        self._bar = bar
        with bar, contextlib.ExitStack() as held:
            self._held = held
            while self._something_is_left():
                run_all(self._works(), n_jobs, gpus, self._ended, several=self.study.total > 1)

    def _something_is_left(self) -> bool:
        """A process that was killed with its search may need a moment to save and go."""
        end = time.monotonic() + GRACE
        while True:
            with self.study.held():
                left = [t.number for t in self.journal.trials if not t.state.is_finished()]
                more = len(self.journal.trials) < self.study.total
                ours = [number for number in left if not self.study.is_claimed(number)]
                going = [number for number in ours if self.study.is_training(number)]
            if more or len(ours) > len(going) or not going or time.monotonic() > end:
                return more or len(ours) > len(going)
            time.sleep(0.2)

    # ---- one trial -------------------------------------------------------------------------

    def _works(self) -> Iterator[Work]:
        """Processes to be, each made when there is room for it."""
        while (number := self._claimed()) is not None:
            folder = self.study.trial_folder(number)
            address = current_trial.address(self.study.folder, number)
            work = Work(folder, folder / OUTPUT, environment=address)
            self._numbers[id(work)] = number
            yield work

    def _claimed(self) -> int | None:
        """The trial to carry out next: one that was left behind, or a new one."""
        with self.study.held():
            for trial in self.journal.trials:
                number = trial.number
                if trial.state.is_finished() or self._is_busy(number):
                    continue
                trials.prepare(self.study, number, trial.params)
                outcome = trials.outcome(self.study, number)
                if outcome is None:
                    return self._claim(number)
                self._tell(number, outcome)
            point = self._proposed() if len(self.journal.trials) < self.study.total else None
            if point is None:
                return None
            number = self.journal.begin(self.terms.params, point)
            trials.prepare(self.study, number, point)
            return self._claim(number)

    def _is_busy(self, number: int) -> bool:
        return self.study.is_claimed(number) or self.study.is_training(number)

    def _proposed(self) -> dict | None:
        terms = self.terms
        return proposals.propose(
            self.journal, terms.params, terms.sampler, self._pruner, terms.sampler_seed
        )

    def _claim(self, number: int) -> int:
        self._claims[number] = claim = self._held.enter_context(contextlib.ExitStack())
        claim.enter_context(self.study.claim(number))
        return number

    def _ended(self, work: Work) -> None:
        number = self._numbers.pop(id(work))
        outcome = trials.outcome(self.study, number)
        if outcome is None and work.code not in STOPPED:
            outcome = Outcome(FAIL, reason=hydra_sweep.reason(work))
        if outcome is not None:
            self._tell(number, outcome)
        self._claims.pop(number).close()

    def _tell(self, number: int, outcome: Outcome) -> None:
        self.journal.tell(number, outcome.state, outcome.value, outcome.reason)
        ranked, finished = self.journal.ranked, self.journal.finished
        came = outcome.state.lower()
        if outcome.state == COMPLETE:
            star = " *" if ranked[0].number == number else ""
            came = f"{self.terms.metric} {outcome.value:.5g}{star}"
        what = space.line(self.terms.params, self.journal.trials[number].params)
        line = f"[{finished}/{self.study.total}] trial {number}  {came}  {what}"
        if outcome.state == FAIL:
            tqdm.write(f"{line}: {outcome.reason}", file=sys.stderr)
        elif self._bar.disable:
            print(line, file=sys.stderr, flush=True)
        if ranked:
            self._bar.set_postfix_str(f"best {self.terms.metric} {ranked[0].value:.5g}")
        self._bar.update(finished - self._bar.n)
