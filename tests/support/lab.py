"""Trains and resumes in this process."""

import os
import pathlib
import signal

import pytest

from aecli import runs
from aecli.errors import Interrupted
from aecli.fit.start import resume, train
from aecli.training.callbacks.clock import Clock

NAMES = {"model": "ae", "dataset": "digits", "noise": "none", "experiment": None}
SHORT = ["dataset.limit=150", "trainer.jit_compile=false", "figures=[loss_curve]"]


class Lab:
    """Runs on a few digits, under one folder."""

    def __init__(self, compose, root: pathlib.Path):
        self.compose, self.root = compose, root

    def train(self, *overrides: str) -> pathlib.Path:
        overrides = [*SHORT, f"outputs={self.root}", *overrides]
        return train(self.compose(*overrides), NAMES, overrides).folder

    def resume(self, folder, *overrides: str) -> pathlib.Path:
        return resume(str(folder), self.compose(*overrides), list(overrides)).folder

    def interrupted(self, *overrides: str, after: int, by: int = signal.SIGTERM) -> pathlib.Path:
        """A run that a signal stops once `after` steps are done."""
        original, steps = Clock.on_train_batch_end, []

        def on_train_batch_end(clock, batch, logs=None):
            original(clock, batch, logs)
            done = clock.epoch * clock._feed.steps_per_epoch + clock.step
            if done >= after and not steps:
                steps.append(done)
                os.kill(os.getpid(), by)

        Clock.on_train_batch_end = on_train_batch_end
        try:
            with pytest.raises(Interrupted) as stop:
                self.train(*overrides)
        finally:
            Clock.on_train_batch_end = original
        assert stop.value.exit_code == 128 + by
        (info,) = [i for i in runs.list_runs(self.root) if i.state == "interrupted"]
        assert f"aecli train resume={info.folder}" in str(stop.value)
        return info.folder
