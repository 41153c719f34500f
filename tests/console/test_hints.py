"""Whatever aecli prints to be typed next, pasted into a shell, does what it says."""

import re
import signal

import numpy as np
import pytest
from lab import Lab
from pasted import ODD, SMALL, commands, of, outputs, words

from aecli import runs
from aecli.typed import quoted


def test_what_a_finished_run_says_next(typed):
    code, said = typed("train", outputs(), "trainer.epochs=1", *SMALL)
    assert code == 0, said
    nexts = commands(said)
    assert [line[0] for line in nexts] == ["eval", "plot-reconstructions"]
    (info,) = runs.list_runs(ODD)
    for line in nexts:
        code, said = typed(*line)
        assert code == 0, said
    assert len(list((info.folder / "eval").iterdir())) == 2

    code, said = typed("train", of("resume", info.folder))
    assert (code, "nothing to do" in said) == (0, True)
    (more,) = commands(said)
    assert typed(*more)[0] == 0
    assert runs.read_status(info.folder)["epochs_done"] == 2


def test_more_patience_for_a_run_that_was_stopped_early(typed):
    impatient = ["callbacks.early_stopping.patience=1", "optimizer.learning_rate=0.3"]
    code, said = typed("train", outputs(), "trainer.epochs=30", *impatient, *SMALL)
    assert code == 0, said
    (info,) = runs.list_runs(ODD)
    assert info.epochs_done < 30
    code, said = typed("train", of("resume", info.folder))
    (more,) = commands(said)
    assert any("patience=2" in word for word in more)
    assert typed(*more)[0] == 0
    assert runs.read_status(info.folder)["epochs_done"] > info.epochs_done


def test_how_to_go_on_after_an_interruption(typed, compose, tmp_path):
    from aecli.errors import Interrupted

    with pytest.raises(Interrupted) as stop:
        stopped(Lab(compose, quoted(ODD)))
    (go_on,) = commands(str(stop.value))
    assert typed(*go_on)[0] == 0
    (info,) = runs.list_runs(ODD)
    assert (info.state, info.epochs_done) == ("done", 2)


def stopped(lab):
    """As Lab.interrupted, and raises what it was stopped by."""
    import os

    from aecli.training.callbacks.clock import Clock

    original = Clock.on_train_batch_end

    def on_train_batch_end(clock, batch, logs=None):
        original(clock, batch, logs)
        os.kill(os.getpid(), signal.SIGTERM)

    Clock.on_train_batch_end = on_train_batch_end
    try:
        lab.train("trainer.epochs=2")
    finally:
        Clock.on_train_batch_end = original


def test_a_sweep_is_gone_on_with_and_never_trained_over(typed, monkeypatch):
    trained = []

    def run_all(works, n_jobs, gpus, ended, several):
        for work in works:
            work.code = 1
            trained.append(work)
            ended(work)

    monkeypatch.setattr("aecli.jobs.hydra_sweep.run_all", run_all)
    code, said = typed("train", "-m", outputs(), "seed=1,2", "trainer.epochs=1", *SMALL)
    assert (code, len(trained)) == (1, 2), said
    (again,) = commands(said)
    assert again[0] == "train"
    code, said = typed(*again)
    assert (code, len(trained)) == (1, 4), said
    code, said = typed(*again, "-m", "seed=1,2,3")
    assert code == 2
    go_on = commands(said)[0]
    assert typed(*go_on)[0] == 1
    assert len(trained) == 6


REFUSED = {  # a request, and what its hint adds or puts in place of a word of it
    "too many stages": (["network=conv", "network.filters=[4,4,4,4]"], r"use at most 3: (.*)"),
    "a padding that does not fit": (
        ["network=conv", "network.filters=[4,4]", "network.decoder_padding=[same,valid]"],
        r"take (network.decoder_padding=null)",
    ),
    "1x1 images": (["dataset=npz", "dataset.path=one.npz", "network=conv"], r"take (network=mlp)"),
    "a misspelt option": (["optimizer=addam"], r"did you mean '(.*)'"),
    "a loss for [0, 1]": (["dataset=npz", "dataset.path=wide.npz"], r"take (loss=mse)"),
    "a sparse code": (["model=sparse_kl", "model.code_activation=relu"], r": (model.code_.*);"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_hint_makes_the_request_one_that_can_be_carried_out(typed, tmp_path, name):
    rng = np.random.default_rng(0)
    np.savez("one.npz", x_train=rng.random((90, 1, 1)), x_test=rng.random((20, 1, 1)))
    np.savez("wide.npz", x_train=rng.normal(0, 9, (90, 4, 4)), x_test=rng.normal(0, 9, (20, 4, 4)))
    asked, pattern = REFUSED[name]
    code, said = typed("train", *SMALL, "trainer.epochs=1", *asked)
    assert code == 2, said
    (hint,) = words(re.search(pattern, said)[1])
    if "=" not in hint:
        hint = f"{asked[0].partition('=')[0]}={hint}"
    kept = [w for w in asked if w.partition("=")[0] != hint.partition("=")[0]]
    if "network=mlp" in hint:
        kept = [w for w in kept if not w.startswith("network")]
    code, said = typed("train", *SMALL, "trainer.epochs=1", *kept, hint)
    assert code == 0, said
