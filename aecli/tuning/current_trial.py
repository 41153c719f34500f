"""In the process of a trial: what it reports to the study, and whether it goes on."""

import os
import pathlib

from aecli.tuning import engine, studies

VARIABLE = "AECLI_TRIAL"  # "7:/.../12-00-00_tune_vae_mnist", from the parent


def address(folder: pathlib.Path, number: int) -> dict[str, str]:
    """The environment of a trial's process."""
    return {VARIABLE: f"{number}:{folder.absolute()}"}


def current(epochs: int) -> "Reporter | None":
    """The trial that this process carries out, None for a training of its own."""
    stated = os.environ.pop(VARIABLE, None)
    if stated is None:
        return None
    number, _, folder = stated.partition(":")
    return Reporter(studies.find(folder), int(number), epochs)


class Reporter:
    """Values of one trial, an epoch each; the pruner compares them with those of the others."""

    def __init__(self, study: studies.Study, number: int, epochs: int):
        terms = study.terms
        self.column, self._number = terms.watched, number
        is_loss = terms.watched != terms.metric  # and goes down where the metric is to go up
        self._sign = -1 if terms.direction == "maximize" and is_loss else 1
        self._journal = study.journal(engine.pruner(terms.pruner, epochs))

    def report(self, epoch: int, value: float) -> None:
        """epoch: from 1 on."""
        self._journal.report(self._number, epoch, self._sign * value)

    def should_stop(self) -> bool:
        return self._journal.should_stop(self._number)
