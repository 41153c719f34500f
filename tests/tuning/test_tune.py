"""aecli tune through the console: killed, shared, pruned, failed, and the best run again."""

import dataclasses
import os
import pathlib
import signal

import pytest
from cli_process import aecli, start, stop, when

from aecli import runs
from aecli.errors import BadRequest
from aecli.training.callbacks.pruning import Pruned, Pruning
from aecli.tuning import current_trial, studies
from aecli.tuning.space import Param
from aecli.tuning.terms import Base, Terms

pytest.importorskip("optuna", reason="the search is Optuna's: pip install 'aecli[tune]'")

SMALL = ["dataset.limit=150", "trainer.jit_compile=false", "trainer.epochs=2", "loss=mse"]
SPACE = ["optimizer.learning_rate=1e-4,1e-5,1e30", "model.latent_dim=2,3"]
SEARCH = ["tune", "study=search", "n_trials=20", "--", "optimizer=sgd", *SPACE, *SMALL]


def trials_in(place: pathlib.Path) -> list:
    return studies.find(place / "search").journal().trials


def is_training(place: pathlib.Path, number: int) -> bool:
    """Trial `number` or one after it: a short one may begin and end between two looks."""
    trials = (place / "search" / "trials" / f"{later:03d}" for later in range(number, 6))
    return any(runs.state_of(trial) == "running" for trial in trials)


@pytest.mark.slow
def test_killed_twice_stopped_and_shared_it_ends_with_every_point_once(tmp_path):
    for number, signum in ((0, signal.SIGKILL), (1, signal.SIGKILL), (2, signal.SIGINT)):
        process = start(*SEARCH, "n_jobs=2", cwd=tmp_path)
        when(process, lambda number=number: is_training(tmp_path, number))
        code, said = stop(process, signum)
        assert code == (130 if signum == signal.SIGINT else -9), said
    assert "go on: aecli tune study=search" in said
    assert any(not trial.state.is_finished() for trial in trials_in(tmp_path))
    both = [start("tune", "study=search", "save=mine", cwd=tmp_path) for _ in range(2)]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    trials = trials_in(tmp_path)
    points = {tuple(sorted(trial.params.items())) for trial in trials}
    assert len(trials) == len(points) == 6  # as many as there are
    assert sorted(trial.state.name for trial in trials) == ["COMPLETE"] * 4 + ["FAIL"] * 2
    for trial in trials:
        diverged = trial.params["optimizer.learning_rate"] == 1e30
        assert diverged == ("is not finite" in trial.user_attrs.get("reason", ""))
    assert "6 of 6 trials: 4 completed, 2 failed" in said[0][0] + said[1][0]
    assert {path.name for path in tmp_path.glob("search/figures/*")} == {
        "history.png", "slice.png", "importance.png",
    }  # fmt: skip

    again = aecli("train", "experiment=mine", "figures=[]", "outputs=again", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    (info,) = runs.list_runs(tmp_path / "again")
    best = min(trials, key=lambda trial: trial.value or 1e9)
    assert info.val_loss == best.value
    folder = tmp_path / "search" / "trials" / f"{best.number:03d}"
    for name in ("metrics.json", ".hydra/config.yaml"):
        assert same(folder / name, info.folder / name), name


def same(one: pathlib.Path, other: pathlib.Path) -> bool:
    """But for what says where the files go and which figures are drawn."""
    texts = [path.read_text().splitlines() for path in (one, other)]
    kept = [
        [line for line in text if not line.startswith(("outputs:", "figures:"))] for text in texts
    ]
    return kept[0] == kept[1]


# ---- pruning ----------------------------------------------------------------------------------


@pytest.fixture
def study(tmp_path) -> studies.Study:
    """Five trials that were better than any training can be, and a sixth that runs."""
    params = [Param("seed", "int", 0, 9, 1)]
    base = Base({}, {}, {"trainer": {"epochs": 4}})
    terms = Terms([], params, "val_loss", "random", "median", 0, [base])
    made = studies.Study(tmp_path, terms, 6)
    studies.write(made)
    journal = made.journal()
    for number in range(6):
        journal.begin(params, {"seed": number})
        if number < 5:
            for epoch in (1, 2, 3, 4):
                journal.report(number, epoch, 0.5)
            journal.tell(number, "COMPLETE", 0.5, None)
    return made


def test_a_trial_that_does_badly_is_pruned(lab, study, monkeypatch):
    for name, value in current_trial.address(study.folder, 5).items():
        monkeypatch.setenv(name, value)
    folder = lab.train("trainer.epochs=4")
    status = runs.Run(folder).status
    assert (status["state"], status["epochs_done"]) == ("pruned", 1)
    assert not (folder / "metrics.json").exists()
    assert (folder / "checkpoints" / "best.keras").exists()
    reported = study.journal().trials[5].intermediate_values
    assert reported == {1: pytest.approx(status["val_loss"], rel=1e-6)}
    assert current_trial.VARIABLE not in os.environ  # the next training is one of its own
    assert runs.Run(lab.resume(folder)).status["state"] == "done"


def test_nothing_is_decided_before_an_epoch_was_reported():
    class Trial:
        column, seen = "val_loss", []

        def report(self, epoch, value):
            self.seen.append((epoch, value))

        def should_stop(self):
            return True

    callback = Pruning(Trial(), 5)
    callback.on_epoch_begin(2)  # of a resumed training
    callback.on_epoch_end(2, {"val_loss": 3.0})
    assert Trial.seen == [(3, 3.0)]
    with pytest.raises(Pruned, match="after epoch 3 of 5"):
        callback.on_epoch_begin(3)
    with pytest.raises(BadRequest, match="metric=val_loss is no column"):
        callback.on_epoch_end(3, {"loss": 3.0})


def test_what_was_reported_before_a_kill_stays(study):
    reporter = current_trial.Reporter(study, 5, 4)
    reporter.report(1, 7.0)
    reporter.report(1, 8.0)
    assert study.journal().trials[5].intermediate_values == {1: 7.0}
    assert reporter.should_stop()


@pytest.mark.parametrize("pruner", ["hyperband", "none"])
def test_the_other_pruners_judge_too(study, pruner):
    terms = dataclasses.replace(study.terms, pruner=pruner)
    reporter = current_trial.Reporter(dataclasses.replace(study, terms=terms), 5, 4)
    for epoch in (1, 2, 3):
        reporter.report(epoch, 7.0)
    assert reporter.should_stop() in ((True, False) if pruner == "hyperband" else (False,))


def test_a_loss_is_turned_round_where_the_metric_is_maximised(study):
    upward = dataclasses.replace(study, terms=dataclasses.replace(study.terms, metric="psnr"))
    assert upward.terms.direction == "maximize"
    reporter = current_trial.Reporter(upward, 5, 4)
    assert reporter.column == "val_loss"
    reporter.report(1, 7.0)
    assert study.journal().trials[5].intermediate_values == {1: -7.0}
