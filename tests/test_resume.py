"""A resumed training is the uninterrupted one, bit for bit."""

import os
import pathlib
import signal

import pytest
from same_runs import differing

from aecli import runs
from aecli.commands.train import resume, train
from aecli.errors import BadRequest, FolderBusy, Interrupted
from aecli.locking import locked
from aecli.training import state as states
from aecli.training.callbacks.clock import Clock

NAMES = {"model": "ae", "dataset": "digits", "noise": "none", "experiment": None}
SHORT = ["dataset.limit=150", "trainer.jit_compile=false", "figures=[loss_curve]"]
EVERYTHING = [  # each source of randomness, each callback with a memory, a partial last batch
    "model=vae",
    "noise=gaussian",
    "dataset.binarize=dynamic",
    "model.warmup_epochs=3",
    "callbacks=[checkpoint,csv_log,early_stopping,reduce_on_plateau]",
    "callbacks.reduce_on_plateau.patience=1",
    "optimizer.learning_rate=0.02",
]
CASES = {
    "everything": EVERYTHING,
    "streaming": [*EVERYTHING, "trainer.feed=streaming"],
    "xla": [*EVERYTHING, "trainer.jit_compile=true"],
    "conv": ["network=conv", "network.filters=[4]", "noise=masking", "optimizer=adadelta"],
    "sparse": ["model=sparse_kl", "optimizer=rmsprop", "schedule=exponential"],
    "mixed": ["trainer.precision=mixed_float16", "optimizer=sgd", "optimizer.momentum=0.9"],
}


@pytest.fixture
def lab(compose, tmp_path):
    return Lab(compose, tmp_path)


class Lab:
    """Trains and resumes in-process."""

    def __init__(self, compose, root: pathlib.Path):
        self.compose, self.root = compose, root

    def train(self, *overrides: str) -> pathlib.Path:
        overrides = [*SHORT, f"outputs={self.root}", *overrides]
        return train(self.compose(*overrides), NAMES, overrides).folder

    def resume(self, folder, *overrides: str) -> pathlib.Path:
        return resume(str(folder), self.compose(*overrides), list(overrides)).folder

    def interrupted(self, *overrides: str, after: int) -> pathlib.Path:
        """A run that SIGTERM stops once `after` steps are done."""
        original, steps = Clock.on_train_batch_end, []

        def on_train_batch_end(clock, batch, logs=None):
            original(clock, batch, logs)
            done = clock.epoch * clock._feed.steps_per_epoch + clock.step
            if done >= after and not steps:
                steps.append(done)
                os.kill(os.getpid(), signal.SIGTERM)

        Clock.on_train_batch_end = on_train_batch_end
        try:
            with pytest.raises(Interrupted) as stop:
                self.train(*overrides)
        finally:
            Clock.on_train_batch_end = original
        assert stop.value.exit_code == 143
        (info,) = [i for i in runs.list_runs(self.root) if i.state == "interrupted"]
        assert f"aecli train resume={info.folder}" in str(stop.value)
        return info.folder


@pytest.mark.parametrize("case", CASES)
def test_more_epochs_are_the_same_as_from_the_start(lab, case):
    whole = lab.train(*CASES[case], "trainer.epochs=4")
    part = lab.train(*CASES[case], "trainer.epochs=2")
    assert lab.resume(part, "trainer.epochs=4") == part
    assert differing(whole, part) == []
    assert runs.Run(part).status["epochs_done"] == 4


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("after", [2, 4])
def test_a_signal_inside_an_epoch_costs_nothing(lab, case, after, monkeypatch):
    """150 images in batches of 40: steps 2 and 4 are inside and at the end of the first epoch."""
    from aecli.training.resident import ResidentFeed

    monkeypatch.setattr(ResidentFeed, "_steps_a_chunk", lambda self: self._time(0) and 1)
    overrides = [*CASES[case], "trainer.epochs=3", "trainer.batch_size=40"]
    whole = lab.train(*overrides)
    part = lab.interrupted(*overrides, after=after)
    state = states.read_file(part / "checkpoints" / states.LAST)
    assert (state.epoch, state.step) == (0, after)
    lab.resume(part)
    assert differing(whole, part) == []


def test_a_difference_is_seen(lab):
    whole = lab.train(*EVERYTHING, "trainer.epochs=2")
    other = lab.train(*EVERYTHING, "trainer.epochs=2", "seed=1")
    found = differing(whole, other)
    assert {"history.csv", "metrics.json"} < set(found)
    assert len(found) > 10
