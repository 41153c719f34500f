"""Signals, full and read-only disks, two writers, damage: one line each, nothing lost."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from cli_process import aecli, start, stop, when
from lab import NAMES, SHORT
from same_runs import differing

from aecli import runs
from aecli.errors import BadRequest, CannotWrite, Diverged, FolderBusy, Interrupted, RunFailed
from aecli.fit.start import train
from aecli.locking import is_locked, locked
from aecli.training import state as states
from aecli.training.signals import Signals
from aecli.training.trainer import Trainer

LAST = f"checkpoints/{states.LAST}"
SMALL = ["dataset.limit=150", "figures=[]", "trainer.jit_compile=false"]


# ---- signals -------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_saves_and_says_how_to_go_on(tmp_path, signum, code):
    short = ["train", "model=vae", *SMALL, "trainer.batch_size=20", "seed=3"]
    length = ["trainer.epochs=12", "callbacks.early_stopping=null"]
    process = start(*short, "trainer.epochs=100000", length[1], cwd=tmp_path)
    when(process, lambda: len(list(tmp_path.rglob("history.csv"))) > 0)
    stopped, said = stop(process, signum)
    assert stopped == code
    (info,) = runs.list_runs(tmp_path)
    assert info.state == "interrupted"
    assert f"go on: aecli train resume={info.folder.relative_to(tmp_path)}" in said
    assert "Traceback" not in said
    if signum == signal.SIGINT:  # saved in the same way
        return
    done = states.read_file(info.folder / LAST).epoch
    epochs = f"trainer.epochs={done + 3}"
    resumed = aecli("train", "resume=latest", epochs, cwd=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    assert "resume  after epoch" in resumed.stdout
    whole = aecli(*short, epochs, length[1], f"outputs={tmp_path}/whole", cwd=tmp_path)
    assert whole.returncode == 0, whole.stderr
    (other,) = runs.list_runs(tmp_path / "whole")
    assert differing(info.folder, other.folder) == []


@pytest.mark.parametrize("signum", [signal.SIGHUP, signal.SIGUSR1])
def test_a_closed_terminal_and_a_scheduler_s_warning_save_too(lab, signum):
    before = signal.signal(signum, signal.SIG_DFL)
    try:
        part = lab.interrupted("trainer.epochs=2", after=1, by=signum)
        assert signal.getsignal(signum) is signal.SIG_DFL
    finally:
        signal.signal(signum, before)
    assert states.read_file(part / LAST).step > 0


def test_nohup_and_the_handlers_of_others_stay():
    other = []
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    also = signal.signal(signal.SIGUSR1, lambda *_: other.append(1))
    try:
        with Signals() as signals, pytest.raises(Interrupted), signals.deferred():  # noqa: PT012
            os.kill(os.getpid(), signal.SIGHUP)
            os.kill(os.getpid(), signal.SIGUSR1)
            assert (signals.received, other) == (None, [1])
            os.kill(os.getpid(), signal.SIGTERM)
            assert signals.received == signal.SIGTERM
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # a second one stops at once
    finally:
        signal.signal(signal.SIGHUP, before)
        signal.signal(signal.SIGUSR1, also)


@pytest.mark.slow
def test_a_second_signal_stops_at_once(tmp_path):
    slow = "import time, aecli.training.callbacks.interruption as i;" \
        "i.Interruption._look = lambda self: self._signals.received and time.sleep(1000);" \
        "import sys; from aecli.cli import dispatch; sys.exit(dispatch(sys.argv[1:]))"  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", slow, "train", "trainer.epochs=100000", *SMALL],
        cwd=tmp_path, stderr=subprocess.PIPE, text=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    when(process, lambda: len(list(tmp_path.rglob("history.csv"))) > 0)
    process.send_signal(signal.SIGINT)
    for line in process.stderr:
        if "once more stops at once" in line:
            break
    process.send_signal(signal.SIGINT)
    assert process.wait() == -signal.SIGINT
    (info,) = runs.list_runs(tmp_path)
    assert info.state == "killed"


@pytest.mark.slow
def test_a_signal_after_the_training_costs_no_metric_and_no_figure(lab, monkeypatch, capsys):
    """Libraries swallow what a handler raises inside of them: the signal waits for its turn."""
    from aecli.figures.loss_curve import LossCurve
    from aecli.metrics.objective import Objective
    from aecli.metrics.pixels import Pixels
    from aecli.training.callbacks.early_stopping import EarlyStopping

    places = [(EarlyStopping, "on_train_end"), (Objective, "__call__"), (Pixels, "__call__"),
              (LossCurve, "draw")]  # fmt: skip
    whole = lab.train("trainer.epochs=2", "seed=1")
    for place, name in places:
        original = getattr(place, name)

        def stopped(*arguments, original=original):
            with contextlib.suppress(BaseException):
                os.kill(os.getpid(), signal.SIGTERM)
            return original(*arguments)

        monkeypatch.setattr(place, name, stopped)
        with pytest.raises(Interrupted, match="go on: aecli train resume="):
            lab.train("trainer.epochs=2", "seed=1", f"outputs={lab.root / name}")
        monkeypatch.setattr(place, name, original)
        (info,) = runs.list_runs(lab.root / name)
        assert info.state == "interrupted"
        assert states.is_complete(states.read_file(info.folder / LAST), 2)
        lab.resume(info.folder)
        assert "the training is complete: metrics and figures" in capsys.readouterr().out
        status = runs.Run(info.folder).status
        assert (status["state"], status["warnings"]) == ("done", [])
        assert status["figures"] == ["loss_curve.png"]
        assert differing(whole, info.folder) == []
        shutil.rmtree(lab.root / name)


@pytest.mark.slow
def test_a_killed_run_is_recognised_and_resumed(tmp_path):
    process = start("train", "trainer.epochs=100000", "callbacks.early_stopping=null",
                    *SMALL, cwd=tmp_path)  # fmt: skip
    when(process, lambda: len(list(tmp_path.rglob(states.PREVIOUS))) > 0)
    (info,) = runs.list_runs(tmp_path)
    assert info.state == "running"
    busy = aecli("train", "resume=latest", cwd=tmp_path)
    assert busy.returncode == 4
    assert f"is busy: process {process.pid} trains in it" in busy.stderr
    stop(process, signal.SIGKILL)
    (info,) = runs.list_runs(tmp_path)
    assert info.state == "killed"
    (info.folder / "checkpoints" / ".last.1.tmp.safetensors").write_bytes(b"half")
    done = states.read(info.folder / "checkpoints").epoch
    resumed = aecli("train", "resume=latest", f"trainer.epochs={done + 1}", cwd=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    assert not list(info.folder.rglob("*.tmp*"))


@pytest.mark.slow
def test_deterministic_kernels_resume_alike(tmp_path):
    same = ["train", "trainer.deterministic=true", "network=conv", "network.filters=[4]",
            "noise=gaussian", "figures=[]", "dataset.limit=150"]  # fmt: skip
    for outputs, epochs in (("whole", 3), ("part", 2)):
        done = aecli(*same, f"trainer.epochs={epochs}", f"outputs={outputs}", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "no xla" in done.stdout
    (whole,), (part,) = (runs.list_runs(tmp_path / outputs) for outputs in ("whole", "part"))
    more = aecli("train", f"resume={part.folder}", "trainer.epochs=3", cwd=tmp_path)
    assert more.returncode == 0, more.stderr
    assert differing(whole.folder, part.folder) == []


# ---- one writer ----------------------------------------------------------------------------------


def test_a_folder_has_one_writer(lab):
    folder = lab.train("trainer.epochs=1")
    assert not is_locked(folder)
    with locked(folder):
        assert is_locked(folder)
        with pytest.raises(FolderBusy, match=rf"busy: process {os.getpid()} trains in it"):
            lab.resume(folder, "trainer.epochs=2")
    lab.resume(folder, "trainer.epochs=2")


# ---- damage --------------------------------------------------------------------------------------


def test_every_flipped_bit_and_cut_is_noticed(lab):
    folder = lab.train("trainer.epochs=1", "network.widths=[4]") / "checkpoints"
    payload = (folder / states.LAST).read_bytes()
    damaged = folder / "damaged.safetensors"
    rng = np.random.default_rng(0)
    places = rng.integers(0, 8 * len(payload), 300).tolist() + list(range(0, 64))
    for place in places:
        broken = bytearray(payload)
        broken[place // 8] ^= 1 << place % 8
        damaged.write_bytes(broken)
        with pytest.raises(BadRequest, match="is damaged"):
            states.read_file(damaged)
    for length in (0, 7, 8, 100, len(payload) // 2, len(payload) - 1):
        damaged.write_bytes(payload[:length])
        with pytest.raises(BadRequest, match="is damaged"):
            states.read_file(damaged)


def test_a_damaged_last_gives_way_to_the_one_before(lab, caplog):
    whole = lab.train("trainer.epochs=4")
    folder = lab.train("trainer.epochs=3")
    with open(folder / LAST, "r+b") as file:
        file.seek(-5, os.SEEK_END)
        file.write(b"\x7f")
    lab.resume(folder, "trainer.epochs=4")
    assert "taking the one before it, of epoch 2" in caplog.text
    assert differing(whole, folder) == []


def test_two_damaged_states_are_refused(lab):
    folder = lab.train("trainer.epochs=2")
    for name in (states.LAST, states.PREVIOUS):
        (folder / "checkpoints" / name).write_bytes(b"")
    with pytest.raises(BadRequest, match=r"last.safetensors is damaged[\s\S]*best.keras"):
        lab.resume(folder, "trainer.epochs=3")


def test_a_run_killed_before_its_first_checkpoint_begins_anew(lab):
    whole = lab.train("trainer.epochs=2")
    folder = lab.train("trainer.epochs=2")
    shutil.rmtree(folder / "checkpoints")
    lab.resume(folder)
    assert differing(whole, folder) == []


def test_a_state_of_another_format_is_refused(lab, monkeypatch):
    folder = lab.train("trainer.epochs=1")
    monkeypatch.setattr(states, "FORMAT", 99)
    with pytest.raises(BadRequest, match="is not of format 99"):
        states.read_file(folder / LAST)


# ---- what a resume may not change ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["model=vae"], "model: ae, asked vae"),
        (["seed=1"], "seed: 0, asked 1"),
        (["network.widths=[9]"], r"network.widths: \[128\], asked \[9\]"),
        (["noise=gaussian"], "noise: none, asked gaussian"),
        (["dataset.limit=99"], "dataset.limit: 150, asked 99"),
        (["optimizer.learning_rate=1"], "optimizer.learning_rate: 0.001, asked 1"),
        (["experiment=dense_digits"], "experiment: None, asked dense_digits"),
        (["trainer.epochs=1"], "trainer.epochs=1 is less than what is done: 2 epochs"),
    ],
)
def test_another_training_is_refused(lab, overrides, words):
    folder = lab.train("trainer.epochs=2")
    before = (folder / LAST).read_bytes()
    with pytest.raises(BadRequest, match=words):
        lab.resume(folder, *overrides)
    assert (folder / LAST).read_bytes() == before
    assert runs.Run(folder).status["state"] == "done"


def test_an_edited_config_is_refused(lab):
    folder = lab.train("trainer.epochs=1")
    file = folder / ".hydra/config.yaml"
    file.write_text(file.read_text().replace("latent_dim: 8", "latent_dim: 9"))
    with pytest.raises(BadRequest, match=r"was edited.*model.latent_dim: 8, asked 9"):
        lab.resume(folder, "trainer.epochs=2")


def test_other_data_are_refused(lab, tmp_path):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 255, (200, 8, 8), dtype="uint8")
    data = ["dataset=npz", f"dataset.path={tmp_path}/x.npz"]
    np.savez(tmp_path / "x.npz", x_train=x)
    folder = lab.train("trainer.epochs=1", *data)
    x[17, 3, 3] ^= 1
    np.savez(tmp_path / "x.npz", x_train=x)
    with pytest.raises(BadRequest, match="the data are not those"):
        lab.resume(folder, "trainer.epochs=2")


def test_a_schedule_over_the_whole_length_cannot_be_made_longer(lab):
    folder = lab.train("schedule=cosine", "trainer.epochs=1")
    with pytest.raises(BadRequest, match="the schedule spans the whole training"):
        lab.resume(folder, "trainer.epochs=2")


def test_a_run_that_ended_inside_an_epoch_cannot_be_made_longer(lab):
    folder = lab.train("trainer.steps=4")
    with pytest.raises(BadRequest, match="ended inside an epoch"):
        lab.resume(folder, "trainer.steps=9")


def test_what_is_done_stays_done(lab, capsys):
    folder = lab.train("trainer.epochs=1")
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    lab.resume(folder)
    assert "nothing to do" in capsys.readouterr().out
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.name != ".lock"} == {
        p: t for p, t in before.items() if p.name != ".lock"
    }


def test_other_threads_are_a_warning(lab, monkeypatch, caplog):
    from aecli.fit import plan

    folder = lab.train("trainer.epochs=1")
    known = plan.environment
    monkeypatch.setattr(plan, "environment", lambda *a: known(*a) | {"threads": 99})
    lab.resume(folder, "trainer.epochs=2")
    assert "the last bits of the result may differ: threads" in caplog.text


# ---- faults --------------------------------------------------------------------------------------


def test_divergence_names_the_term_and_keeps_the_best(lab, monkeypatch):
    """The rate explodes after the first epoch: schedule.epochs is where it changes."""
    with pytest.raises(Diverged, match=r"epoch 2: reconstruction is not finite.*best.keras"):
        lab.train("loss=mse", "optimizer=sgd", "optimizer.learning_rate=1e-6",
                  "schedule=piecewise", "schedule.epochs=[1]", "schedule.factors=[1e30]",
                  "trainer.epochs=5")  # fmt: skip
    (info,) = runs.list_runs(lab.root)
    assert info.state == "failed"
    assert info.epochs_done == 1
    assert np.isfinite(runs.Run(info.folder).model.get_weights()[0]).all()
    assert states.read(info.folder / "checkpoints").epoch == 1


def test_a_rate_of_1e10_exits_with_3(tmp_path):
    done = aecli("train", "optimizer=sgd", "optimizer.learning_rate=1e10", "loss=mse",
                 "figures=[]", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 3
    assert "is not finite" in done.stderr
    assert "usually helps: a lower optimizer.learning_rate" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "error", [tf.errors.ResourceExhaustedError(None, None, "OOM"), MemoryError()]
)
def test_out_of_memory_says_what_to_lower(lab, monkeypatch, error):
    def fit(self, *arguments):
        raise error

    monkeypatch.setattr(Trainer, "fit", fit)
    with pytest.raises(RunFailed, match=r"out of memory\nusually helps: trainer.batch_size=32"):
        lab.train()


def test_a_metric_that_overflows_is_null_and_a_warning_that_names_it(lab, compose, tmp_path):
    from aecli.commands.eval import main

    x = np.random.default_rng(0).random((60, 4, 4), dtype="float32")
    wild = x[:20].copy()
    wild[3, 1, 2] = 1e20
    np.savez(tmp_path / "x.npz", x_train=x, x_test=wild)
    data = ["dataset=npz", f"dataset.path={tmp_path}/x.npz", "loss=mse", "dataset.limit=null"]
    folder = lab.train(*data, "trainer.epochs=1", "trainer.batch_size=20")
    stored = json.loads((folder / "metrics.json").read_text(), parse_constant=pytest.fail)
    assert stored["loss"] is None
    assert stored["mse"] > 1e36
    status = json.loads((folder / "status.json").read_text(), parse_constant=pytest.fail)
    assert status["state"] == "done"
    assert "metric objective: loss is not finite: inf" in status["warnings"]
    main(compose(f"run={folder}", command="eval"))
    (evaluated,) = folder.glob("eval/*/metrics.json")
    assert stored.items() <= json.loads(evaluated.read_text()).items()


def test_a_failing_metric_or_figure_is_a_warning_in_the_status(lab, monkeypatch):
    from aecli.figures.loss_curve import LossCurve
    from aecli.metrics.pixels import Pixels

    monkeypatch.setattr(LossCurve, "__call__", lambda self, run: 1 / 0)
    monkeypatch.setattr(Pixels, "__call__", lambda self, evaluation: 1 / 0)
    words = [*SHORT[:2], "trainer.epochs=1", f"outputs={lab.root}", "figures=[loss_curve,manifold]"]
    config = lab.compose(*words, "figures.manifold.dims=[0,99]")
    folder = train(config, NAMES, words).folder
    status = runs.Run(folder).status
    assert status["state"] == "done"
    metric, one, other = status["warnings"]
    assert metric.startswith("metric pixels failed: ZeroDivisionError")
    assert one.startswith("figure loss_curve failed: ZeroDivisionError")
    assert other.startswith("figure manifold failed: figures.manifold.dims must be code units")
    assert "loss" in json.loads((folder / "metrics.json").read_text())


def fill(file: pathlib.Path) -> None:
    with contextlib.suppress(OSError), open(file, "wb", buffering=0) as filler:
        while True:
            filler.write(bytes(2**16))


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 20 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a tmpfs needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.slow
def test_a_disk_that_fills_up_costs_no_checkpoint(tmp_path, small_disk):
    arguments = ["model=ae", "trainer.epochs=100000", "callbacks.early_stopping=null",
                 *SMALL]  # fmt: skip
    process = start("train", *arguments, f"outputs={small_disk}", cwd=tmp_path)
    when(process, lambda: len(list(small_disk.rglob(states.PREVIOUS))) > 0)
    filler = small_disk / "filler"
    fill(filler)
    assert process.wait() == 5
    said = process.stderr.read()
    assert "cannot write" in said
    assert "No space left on device" in said
    assert "MB free" in said
    assert "Traceback" not in said
    (info,) = runs.list_runs(small_disk)
    state = states.read(info.folder / "checkpoints")
    assert state.epoch > 0
    filler.unlink()
    more = aecli("train", f"resume={info.folder}", f"trainer.epochs={state.epoch + 2}",
                 cwd=tmp_path)  # fmt: skip
    assert more.returncode == 0, more.stderr


@pytest.mark.slow
def test_a_read_only_place_exits_with_5(tmp_path, small_disk):
    run = aecli("train", "trainer.epochs=1", *SMALL, f"outputs={small_disk}", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    fresh = aecli("train", "trainer.epochs=1", f"outputs={small_disk}", cwd=tmp_path)
    (info,) = runs.list_runs(small_disk)
    again = aecli("train", f"resume={info.folder}", "trainer.epochs=2", cwd=tmp_path)
    for done in (fresh, again):
        assert done.returncode == 5, done.stderr
        assert "Read-only file system" in done.stderr
        assert len(done.stderr.strip().splitlines()) <= 2


def test_nan_data_are_refused_before_a_folder(tmp_path):
    x = np.random.default_rng(0).random((300, 8, 8), "float32")
    x[3, 1, 2] = np.nan
    np.savez(tmp_path / "x.npz", x_train=x)
    done = aecli("train", "dataset=npz", "dataset.path=x.npz", cwd=tmp_path)
    assert done.returncode == 2
    assert "x.npz" in done.stderr
    assert not (tmp_path / "outputs").exists()


def test_a_batch_larger_than_the_set_is_cut_and_said(lab, capsys):
    asked = lab.train("dataset.limit=10", "trainer.epochs=3")
    said = capsys.readouterr().out
    assert re.search(r"^fit +3 epochs x 1 steps +batch 10 ", said, re.MULTILINE)
    assert "trainer.batch_size=64 is more than the 10 training images: each step takes" in said
    stated = lab.train("dataset.limit=10", "trainer.epochs=3", "trainer.batch_size=10")
    assert "batch_size" not in capsys.readouterr().out
    part = lab.interrupted("dataset.limit=10", "trainer.epochs=3", after=2)
    lab.resume(part)
    assert "trainer.batch_size=64 is more than" in capsys.readouterr().out
    longer = lab.resume(lab.train("dataset.limit=10", "trainer.epochs=2"), "trainer.epochs=3")
    for other in (stated, part, longer):
        assert differing(asked, other) == []


def test_writes_that_fail_leave_the_old_file(tmp_path, monkeypatch):
    from aecli import files

    file = tmp_path / "a.json"
    files.write_json(file, 1)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotWrite, match=r"a.json: No space left on device, .* MB free"):
        files.write_json(file, 2)
    assert file.read_text() == "1\n"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
