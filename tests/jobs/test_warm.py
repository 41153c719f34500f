"""Jobs that are forked give the bits of jobs that are not, and end as those do."""

import os
import signal
import subprocess
import time

import pytest
from places import SUPPORT  # noqa: F401
from same_runs import differing

from aecli import cache, runs
from aecli.errors import Interrupted
from aecli.jobs import pool, warm
from aecli.jobs.pool import Work, run_all
from aecli.training import programs

pytestmark = pytest.mark.slow

SMALL = ["trainer.epochs=2", "trainer.threads=1", "model=vae", "figures=[]", "dataset.limit=150"]


def queued(compose, folder, *overrides: str):
    """A run folder of which nothing was trained yet."""
    folder.mkdir(parents=True)
    names = {"model": "vae", "dataset": "digits", "noise": "none", "experiment": None}
    runs.create(folder, compose(*SMALL, *overrides), [], {"command": "train", **names})
    runs.Run(folder).update_status(state="queued")
    return Work(folder, folder / "console.txt")


def test_forked_or_not_the_bits_are_the_same_and_those_of_a_kept_program_too(
    compose, tmp_path, monkeypatch
):
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    works = {n: queued(compose, tmp_path / n) for n in ("cold", "cold again", "one", "two")}
    works["no cache"] = queued(compose, tmp_path / "no cache", "trainer.program_cache=false")
    for name in ("no cache", "cold", "cold again"):
        run_all([works[name]], 1, None, lambda work: None)
    kept = {f: f.stat().st_mtime_ns for f in (tmp_path / "aecli" / "programs").glob("*/*")}
    assert kept  # of the first, and none beside those of the second
    programs.keep(True)
    ended = []
    run_all([works["one"], works["two"]], 2, None, ended.append, several=True)
    assert {work.code for work in works.values()} == {0}, works["one"].output.read_text()
    assert isinstance(works["one"].process, warm.Forked)
    for name in ("cold", "cold again", "one", "two"):
        assert differing(tmp_path / "no cache", tmp_path / name) == [], name
    assert "done " in works["one"].output.read_text()
    assert {work.folder.name for work in ended} == {"one", "two"}


def test_a_signal_or_an_error_ends_it_as_it_does_a_cold_one(compose, tmp_path):
    killed = queued(compose, tmp_path / "killed", "trainer.epochs=5000")
    wrong = queued(compose, tmp_path / "wrong", "dataset=npz", "dataset.path=nowhere.npz")
    warm.begin()
    for work in (killed, wrong):
        assert pool._forked(work)
    with pytest.raises(subprocess.TimeoutExpired):
        killed.process.wait(0.1)
    assert wrong.process.wait(120) == 2
    assert "nowhere.npz does not exist" in wrong.output.read_text()
    while not (killed.folder / "history.csv").exists():
        time.sleep(0.1)
    os.kill(killed.process.pid, signal.SIGTERM)
    assert killed.process.wait(60) == 143
    assert runs.state_of(killed.folder) == "interrupted"


@pytest.mark.parametrize("gpus", [[0], None])
def test_where_a_fork_is_not_known_to_be_safe_jobs_start_cold(gpus, monkeypatch, capsys):
    monkeypatch.setattr(warm.sys, "platform", "linux" if gpus else "darwin")
    assert not pool._is_ready(gpus)
    assert capsys.readouterr().err.startswith("note: each job starts anew, some seconds later: ")


def test_a_server_that_is_gone_costs_no_job(tmp_path, monkeypatch, capsys):
    def gone(*given):
        raise EOFError

    class Process(subprocess.Popen):
        def __init__(self, command, **kwargs):
            super().__init__(["true"], **kwargs)

    monkeypatch.setattr(warm, "begin", lambda: None)
    monkeypatch.setattr(warm, "start", gone)
    monkeypatch.setattr(pool.subprocess, "Popen", Process)
    works = [Work(tmp_path, tmp_path / "out") for _ in range(3)]
    run_all(works, 2, None, lambda work: None, several=True)
    assert [work.code for work in works] == [0, 0, 0]
    assert capsys.readouterr().err.count("no fork came") == 1


def test_ctrl_c_while_the_server_imports_stops_at_once(tmp_path, monkeypatch):
    def interrupted(*given):
        raise Interrupted(signal.SIGINT)

    monkeypatch.setattr(warm, "begin", lambda: None)
    monkeypatch.setattr(warm, "start", interrupted)
    with pytest.raises(Interrupted):
        run_all([Work(tmp_path, tmp_path / "out")], 1, None, lambda work: None, several=True)
