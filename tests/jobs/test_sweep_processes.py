"""Sweeps by processes: what one job suffers costs that job alone, and the sweep goes on."""

import os
import pathlib
import signal
import subprocess
import time

import pytest
from cli_process import aecli, start, stop, when
from same_runs import differing

from aecli import cores, runs
from aecli.errors import BadRequest
from aecli.jobs import hydra_sweep
from aecli.runs import sweeps

pytestmark = pytest.mark.slow

SMALL = ["dataset.limit=150", "figures=[]", "trainer.jit_compile=false"]


def sweep_in(place: pathlib.Path) -> sweeps.Sweep:
    return sweeps.find("latest", str(place / "outputs"))


def holder(job: sweeps.Job) -> int:
    """The process that trains a job."""
    return int((job.folder / ".lock").read_text())


def is_alive(pid: int) -> bool:
    return pathlib.Path(f"/proc/{pid}").exists()


def test_one_raises_one_is_killed_the_others_finish(tmp_path):
    rates = "optimizer.learning_rate=1e-3,1e+30,1e-4,1e-5"
    command = ["train", "-m", "n_jobs=2", "loss=mse", "optimizer=sgd", rates, *SMALL]
    length = ["trainer.epochs=60", "callbacks.early_stopping=null"]
    process = start(*command, *length, cwd=tmp_path)
    when(process, lambda: len(list(tmp_path.rglob("04/history.csv"))) > 0)
    victim = sweep_in(tmp_path).jobs[3]
    if victim.state == "running":
        os.kill(holder(victim), signal.SIGKILL)
    said = process.communicate()[1]
    assert process.returncode == 1
    sweep = sweep_in(tmp_path)
    assert [job.state for job in sweep.jobs] == ["done", "failed", "done", "killed"]
    assert "[2/4] optimizer.learning_rate=1e+30: epoch 1: reconstruction is not finite" in said
    assert "[4/4] optimizer.learning_rate=1e-05: killed by signal 9" in said
    assert f"aecli train sweep={sweep.folder.relative_to(tmp_path)}" in said
    before = {n: (sweep.jobs[n].folder / "status.json").stat().st_mtime_ns for n in (0, 2)}
    again = aecli(*command, *length, "sweep=latest", cwd=tmp_path)
    assert again.returncode == 1  # the second diverges again
    assert "4 jobs, 2 to train" in again.stdout
    assert [job.state for job in sweep.jobs] == ["done", "failed", "done", "done"]
    for number, when_done in before.items():
        assert (sweep.jobs[number].folder / "status.json").stat().st_mtime_ns == when_done
    alone = aecli("train", "loss=mse", "optimizer=sgd", "optimizer.learning_rate=1e-5", *SMALL,
                  *length, "trainer.threads=1", "outputs=alone", cwd=tmp_path)  # fmt: skip
    assert alone.returncode == 0, alone.stderr
    (info,) = runs.list_runs(tmp_path / "alone")
    assert differing(sweep.jobs[3].folder, info.folder) == []


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGKILL])
def test_a_sweep_that_is_stopped_leaves_no_orphan_and_goes_on(tmp_path, signum):
    """Its jobs are frozen: a YAML edited in between changes none of them."""
    own = tmp_path / "configs" / "experiment" / "mine.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("# @package _global_\nmodel:\n  latent_dim: 3\n")
    command = ["train", "experiment=mine", "seeds=2", *SMALL, "callbacks.early_stopping=null"]
    process = start(*command, "trainer.steps=450", cwd=tmp_path)
    when(process, lambda: len(list(tmp_path.rglob("01/history.csv"))) > 0)
    sweep = sweep_in(tmp_path)
    child = holder(sweep.jobs[0])
    code, _ = stop(process, signum)
    assert code == (130 if signum == signal.SIGINT else -9)
    when(process, lambda: False)
    while is_alive(child):  # SIGKILL: the child notices by itself
        time.sleep(0.05)
    assert sweep.jobs[0].state == "interrupted"
    assert sweep.jobs[1].state == "queued"
    own.write_text("# @package _global_\nmodel:\n  latent_dim: 4\n")
    again = aecli("train", "sweep=latest", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert [job.state for job in sweep.jobs] == ["done", "done"]
    assert [runs.Run(job.folder).config.model.latent_dim for job in sweep.jobs] == [3, 3]


def test_another_command_on_an_old_sweep_is_refused(tmp_path):
    asked = [
        sweeps.Asked([f"seed={n}"], _config(), dict.fromkeys(hydra_sweep.NAMES)) for n in (0, 1)
    ]
    sweep = sweeps.create(tmp_path, asked)
    sweep.check_same(asked)
    with pytest.raises(
        BadRequest, match="is the sweep of another command: 2 jobs, the first seed=0"
    ):
        sweep.check_same(asked[:1])


def test_a_stored_sweep_is_read_with_care(tmp_path):
    for text in (
        "",
        "[]",
        "{}",
        '{"format": 1, "jobs": []}',
        '{"format": 2, "jobs": [1]}',
        "[" * 9999,
    ):
        (tmp_path / sweeps.FILE).write_text(text)
        with pytest.raises(BadRequest, match="damaged or of another format"):
            sweeps.find(str(tmp_path))
    with pytest.raises(BadRequest, match="is no sweep"):
        sweeps.find(str(tmp_path / "elsewhere"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["seeds=0"], "seeds must be a whole number from 1 to 1000"),
        (["seeds=2", "seed=4"], "seed=4 and seeds=2: state one of them"),
        (["-m", "seed=0,1", "n_jobs=0"], "n_jobs must be a whole number of 1 or more"),
        (["-m", "seed=0,1", "gpus=[a]"], "gpus must be a list of their numbers"),
        (["sweep=nowhere"], "sweep=nowhere is no sweep"),
        (["-m", "model=ae,vea"], "did you mean 'vae'"),
    ],
)
def test_a_bad_sweep_is_refused_before_it_starts(tmp_path, words, said):
    done = aecli("train", *words, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert not (tmp_path / "outputs").exists()


def test_cores_are_shared_out(monkeypatch):
    monkeypatch.setattr(cores, "count", lambda: 8)
    assert [hydra_sweep.threads(n) for n in (1, 3, 8, 20)] == [8, 2, 1, 1]


def test_gpus_take_turns(tmp_path, monkeypatch):
    from aecli.jobs import pool

    seen = []

    class Process(subprocess.Popen):
        def __init__(self, command, env, **kwargs):
            seen.append(env["CUDA_VISIBLE_DEVICES"])
            super().__init__(["true"], env=env, **kwargs)

    monkeypatch.setattr(pool.subprocess, "Popen", Process)
    works = [pool.Work(tmp_path, tmp_path / "out") for _ in range(4)]
    pool.run_all(works, 2, [3, 5], lambda work: None)
    assert set(seen) == {"3", "5"}
    assert [work.code for work in works] == [0, 0, 0, 0]


def _config():
    from aecli.console.compose import composed

    return composed("train", []).config
