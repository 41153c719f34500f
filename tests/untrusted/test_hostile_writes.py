"""Folders of somebody else that are written into: links, second names, pipes, left-overs, depth."""

import contextlib
import json
import os
import signal
import subprocess

import pytest
from attacks import refused

from aecli import dispatch, files, locking, runs
from aecli.console import logs
from aecli.console.compose import composed
from aecli.errors import BadRequest
from aecli.runs import sweeps
from aecli.untrusted import bounded

KEPT = "what the victim keeps\n"


def _ends(*_):
    raise TimeoutError("a pipe was opened, and would never end")


@pytest.fixture
def victim(tmp_path, monkeypatch):
    """A file of the user's, outside of every folder that is attacked."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "victim").write_text(KEPT)
    (tmp_path / "elsewhere").mkdir()
    old = signal.signal(signal.SIGALRM, _ends)
    signal.alarm(300)
    yield tmp_path / "victim"
    signal.alarm(0)
    signal.signal(signal.SIGALRM, old)
    assert (tmp_path / "victim").read_text() == KEPT
    assert os.listdir(tmp_path / "elsewhere") == []


@pytest.fixture
def sweep(victim):
    """Two jobs, both queued."""
    folder = victim.parent / "theirs"
    folder.mkdir()
    config = composed("train", ["dataset.limit=100", "trainer.epochs=1"]).config
    names = {"model": "ae", "dataset": "digits", "noise": "none", "experiment": None}
    sweeps.create(folder, [sweeps.Asked([f"seed={n}"], config, names) for n in (1, 2)])
    return folder


def link(place, victim):
    place.unlink(missing_ok=True)
    place.symlink_to(victim)


def second_name(place, victim):
    place.unlink(missing_ok=True)
    os.link(victim, place)


def pipe(place, victim):
    place.unlink(missing_ok=True)
    os.mkfifo(place)


def folder_link(place, victim):
    if place.is_dir():
        place.rename(victim.parent / "moved")
    place.symlink_to(victim.parent / "elsewhere")


WRITTEN = [
    (how, file)
    for file in ("01/console.txt", "01/train.log", "01/.lock", ".lock", "multirun.yaml")
    for how in (link, second_name, pipe)
] + [(folder_link, name) for name in ("01/figures", "01", "02/checkpoints", "01/tensorboard")]


@pytest.mark.parametrize(("how", "place"), WRITTEN, ids=lambda x: getattr(x, "__name__", x))
def test_a_sweep_is_not_written_through(how, place, sweep, victim, capsys):
    how(sweep / place, victim)
    assert place.rpartition("/")[2] in refused(capsys, "train", f"sweep={sweep}")
    assert not (sweep / "02" / "console.txt").exists()


@pytest.mark.parametrize("how", [link, second_name, pipe])
def test_nor_is_a_stated_folder(how, sweep, victim, capsys):
    how(sweep / "multirun.yaml", victim)
    words = ["-m", "hydra/launcher=basic", f"hydra.sweep.dir={sweep}", "seed=1,2"]
    assert "multirun.yaml" in refused(capsys, "train", *words)
    words = ["-m", f"hydra.sweep.dir='{sweep}'", "seed=1,2"]
    assert "multirun.yaml" in refused(capsys, "train", *words)


@pytest.mark.parametrize(("how", "file"), [w for w in WRITTEN if w[1].count("/")][3:9])
def test_nor_is_a_run_that_is_resumed(how, file, sweep, victim, capsys):
    how(sweep / file, victim)
    assert file in refused(capsys, "train", f"resume={sweep / '01'}")
    assert runs.read_status(sweep / "01")["state"] == "queued"


@pytest.mark.parametrize("how", [link, second_name, pipe])
def test_what_is_written_in_place_is_opened_with_care(how, victim):
    """Whatever was looked at before."""
    place = victim.parent / "train.log"
    how(place, victim)
    for flags in (os.O_WRONLY | os.O_APPEND | os.O_CREAT, os.O_RDWR):
        with pytest.raises(BadRequest, match="not written to"):
            bounded.open_in_place(place, flags)
    with pytest.raises(BadRequest), logs.run_log(victim.parent, bar=False):
        pass
    with pytest.raises(BadRequest), locking.locked(victim.parent, "train.log"):
        pass


def test_a_temporary_file_that_is_there_is_not_written_to(victim):
    for how in (link, second_name, pipe):
        target = victim.parent / "status.json"
        how(victim.parent / f".status.{os.getpid()}.tmp.json", victim)
        files.write_json(target, {"a": 1})
        assert json.loads(target.read_text()) == {"a": 1}
    (victim.parent / f".status.{os.getpid()}.tmp.json").mkdir()
    files.write_json(target, {"a": 2})


def test_left_over_folders_are_removed_and_nothing_else(victim):
    folder = victim.parent / "run"
    (folder / "eval" / ".pictures.123.tmp" / "inner").mkdir(parents=True)
    (folder / "eval" / ".pictures.123.tmp" / "link").symlink_to(victim)
    (folder / ".status.77.tmp.json").touch()
    (folder / ".link.5.tmp").symlink_to(victim.parent / "elsewhere")
    (folder / ".notes.tmp").mkdir()
    (folder / "mine.1.tmp").touch()
    (victim.parent / "elsewhere" / "x").touch()
    files.remove_leftovers(folder)
    assert sorted(os.listdir(folder)) == [".notes.tmp", "eval", "mine.1.tmp"]
    assert os.listdir(folder / "eval") == []
    (victim.parent / "elsewhere" / "x").unlink()


@contextlib.contextmanager
def nested(folder, depth=1500):
    """Folders within folders, too deep for a path."""
    here = os.getcwd()
    os.chdir(folder)
    for _ in range(depth):
        os.mkdir("d")
        os.chdir("d")
    os.chdir(here)
    yield
    subprocess.run(["rm", "-r", folder / "d"], check=True)


def test_nested_folders_end_nothing(victim, sweep, capsys):
    with nested(victim.parent):
        assert len(runs.list_runs(victim.parent)) == 2
        assert dispatch.run("runs", [f"outputs={victim.parent}"]) == 0
    with nested(sweep / "01"):
        assert "nested more than" in refused(capsys, "train", f"resume={sweep / '01'}")


def test_links_within_a_folder_lead_nowhere(sweep):
    """As those that submitit leaves in .submitit."""
    (sweep / "01" / "link").symlink_to("status.json")
    bounded.check_writable(sweep)
