"""A resumed training is the uninterrupted one, bit for bit."""

import dataclasses
import json

import numpy as np
import pytest
from safetensors.numpy import save
from same_runs import differing

from aecli import runs
from aecli.errors import BadRequest
from aecli.training import state as states
from aecli.training import state_file
from aecli.training.callbacks.clock import Clock

EVERYTHING = [  # each source of randomness, each callback with a memory, a partial last batch
    "model=vae",
    "noise=gaussian",
    "augment=[flip,shift,crop,colour]",
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


LATER = [
    ("everything", 2),
    ("xla", 2),
    ("streaming", 2),
    ("streaming", 4),
    ("conv", 4),
    ("sparse", 2),
    ("mixed", 4),
]
FIRST = ["everything"]


@pytest.mark.parametrize(
    "case",
    [*FIRST, *(pytest.param(case, marks=pytest.mark.slow) for case in CASES if case not in FIRST)],
)
def test_more_epochs_are_the_same_as_from_the_start(lab, case):
    whole = lab.train(*CASES[case], "trainer.epochs=4")
    part = lab.train(*CASES[case], "trainer.epochs=2")
    assert lab.resume(part, "trainer.epochs=4") == part
    assert differing(whole, part) == []
    assert runs.Run(part).status["epochs_done"] == 4


@pytest.mark.parametrize(
    ("case", "after"),
    [
        ("everything", 4),
        *(pytest.param(*case, marks=pytest.mark.slow) for case in LATER),
    ],
)
def test_a_signal_inside_an_epoch_costs_nothing(lab, case, after, monkeypatch):
    """150 images in batches of 40: steps 2 and 4 are inside and at the end of the first epoch."""
    from aecli.training.chunks import ChunkFeed

    monkeypatch.setattr(ChunkFeed, "_steps_a_chunk", lambda self: self._time(0) and 1)
    overrides = [*CASES[case], "trainer.epochs=3", "trainer.batch_size=40"]
    whole = lab.train(*overrides)
    part = lab.interrupted(*overrides, after=after)
    state = states.read_file(part / "checkpoints" / states.LAST)
    assert (state.epoch, state.step) == (0, after)
    lab.resume(part)
    assert differing(whole, part) == []


@pytest.mark.slow
def test_more_patience_is_the_same_as_from_the_start(lab, capsys):
    """Where early stopping ended it, and where it did not come to that; then once more."""
    early = [*EVERYTHING, "callbacks.early_stopping.min_delta=3", "trainer.epochs=12"]
    key = "callbacks.early_stopping.patience"
    part = lab.train(*early, f"{key}=1")
    stopped = runs.Run(part).status["epochs_done"]
    before = {path: path.stat().st_mtime_ns for path in part.glob("[!.]*.*")}
    lab.resume(part, "trainer.epochs=99")
    said = capsys.readouterr().out
    assert "early stopping ended it, with a patience of 1\n" in said
    assert f"more of them: aecli train resume={part} {key}=2\n" in said
    assert {path: path.stat().st_mtime_ns for path in part.glob("[!.]*.*")} == before
    for patience in (2, 4):
        lab.resume(part, f"{key}={patience}")
        whole = lab.train(*early, f"{key}={patience}")
        assert differing(whole, part) == []
        assert runs.Run(part).status["epochs_done"] > stopped
        stopped = runs.Run(part).status["epochs_done"]
    assert stopped < 12
    going_on = lab.train(*early, f"{key}=9", "trainer.epochs=3")
    with pytest.raises(BadRequest, match=f"{key}=4 is less than the 9 of the training so far"):
        lab.resume(going_on, f"{key}=4", "trainer.epochs=12")


@pytest.mark.parametrize("seconds", [0, 1e9])
def test_the_best_is_the_same_whenever_it_was_written(lab, monkeypatch, seconds):
    """The second run writes best.keras after every epoch, or at the end alone; it gets worse."""
    from aecli.training.callbacks import checkpoint

    worse = [
        "optimizer.learning_rate=1e-3",
        "schedule=piecewise",
        "schedule.epochs=[2]",
        "schedule.factors=[300]",
        "trainer.epochs=4",
        "callbacks.early_stopping=null",
    ]
    whole = lab.train(*worse)
    monkeypatch.setattr(checkpoint, "BEST_SECONDS", seconds)
    other = lab.train(*worse)
    assert runs.Run(whole).status["best_epoch"] < 4
    assert differing(whole, other) == []


def test_a_difference_is_seen(lab):
    whole = lab.train(*EVERYTHING, "trainer.epochs=2")
    other = lab.train(*EVERYTHING, "trainer.epochs=2", "seed=1")
    found = differing(whole, other)
    assert {"history.csv", "metrics.json"} < {line.partition(":")[0] for line in found}
    assert len(found) > 10


def killed(lab, monkeypatch):
    """A run that was killed after its best epoch; best.keras is of the first one."""
    from aecli.training.callbacks import checkpoint

    monkeypatch.setattr(checkpoint.Checkpoint, "on_train_end", lambda self, logs=None: None)
    folder = lab.train("trainer.epochs=1")
    monkeypatch.undo()
    with monkeypatch.context() as patch:  # what SIGKILL does not let happen
        patch.setattr(checkpoint.Checkpoint, "write_best", lambda self: None)
        lab.resume(folder, "trainer.epochs=3")
    runs.Run(folder).update_status(state="running")
    return folder


def test_the_best_of_a_killed_run_is_its_state_s(lab, monkeypatch):
    whole = runs.Run(lab.train("trainer.epochs=3"))
    folder = killed(lab, monkeypatch)
    assert runs.Run(folder).status["best_epoch"] > 1
    for ours, theirs in zip(runs.Run(folder).model.weights, whole.model.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert any("best.keras" in line for line in differing(whole.folder, folder))

    from aecli.fit import execute

    with monkeypatch.context() as patch:  # resumed, and killed as the training begins
        patch.setattr(execute, "_evaluate", lambda *a: pytest.fail("not reached"))
        patch.setattr(Clock, "on_epoch_begin", die)
        with pytest.raises(KeyError, match="killed"):
            lab.resume(folder, "trainer.epochs=4")
    assert not any("best.keras" in line for line in differing(whole.folder, folder))


def die(*arguments, **keywords):
    raise KeyError("killed")


def test_a_damaged_or_foreign_state_leaves_best_keras_to_be_read(lab, monkeypatch):
    folder = killed(lab, monkeypatch)
    last = folder / "checkpoints" / states.LAST
    state = states.read_file(last)
    other = state.about | {"config": state.about["config"] | {"network": {}}}
    whole = last.read_bytes()
    states.write(last.parent, dataclasses.replace(state, about=other))
    old = runs.Run(folder).model.get_weights()
    last.write_bytes(whole[:-1])
    for ours, theirs in zip(runs.Run(folder).model.get_weights(), old, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    (last.parent / "best.keras").unlink()
    with pytest.raises(BadRequest, match="damaged"):
        runs.Run(folder).model  # noqa: B018


def as_of_format_2(folder) -> None:
    """Write the last state as aecli 0.1 did: one optimizer, the warm-up's weight in the model."""
    path = folder / "checkpoints" / states.LAST
    state = states.read_file(path)
    tensors = {
        f"optimizer/{n.partition('/')[2]}": v for n, v in state.tensors["optimizers"].items()
    }
    for kind in ("model", "best"):
        paths = [name.partition(":")[2] for name in state.tensors[kind]]
        values = [*state.tensors[kind].values()]
        paths.insert(1, "vae/warmup")
        values.insert(1, np.float32(0.5))
        tensors |= {
            f"{kind}/{i:04d}:{p}": v for i, (p, v) in enumerate(zip(paths, values, strict=True))
        }
    tensors = {name: np.asarray(value) for name, value in tensors.items()}
    names = ("epoch", "step", "stopped", "callbacks", "about")
    rest = {name: getattr(state, name) for name in names}
    text = json.dumps(rest | {"format": 2, "best_is_current": False})
    meta = {"aecli": text, "sha256": state_file.digest(tensors, text)}
    path.write_bytes(save(tensors, meta))


def test_a_state_of_the_format_before_is_gone_on_from(lab, caplog):
    overrides = ["model=vae", "model.warmup_epochs=3"]
    whole = lab.train(*overrides, "trainer.epochs=4")
    part = lab.train(*overrides, "trainer.epochs=2")
    as_of_format_2(part)
    lab.resume(part, "trainer.epochs=4")
    assert "is of an earlier aecli" in caplog.text
    assert differing(whole, part) == []
