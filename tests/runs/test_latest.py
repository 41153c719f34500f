"""Which run is meant where none is named, and what is said of it."""

import json

import pytest
from omegaconf import OmegaConf

from aecli import runs
from aecli.commands import detect
from aecli.errors import BadRequest
from aecli.io import request
from aecli.locking import locked


@pytest.fixture
def make(tmp_path, monkeypatch):
    """A run folder by its path below outputs/, each newer than those before."""
    monkeypatch.chdir(tmp_path)

    def made(name, state="done", classes=None):
        config = OmegaConf.create({"model": {}, "dataset": {"classes": classes}})
        folder = tmp_path / "outputs" / name
        run = runs.create(folder, config, [], {"model": "vae", "dataset": "digits"})
        run.finish(state)
        return run

    return made


def asked(**keys):
    return OmegaConf.create(
        {"run": None, "outputs": "outputs", "output": None, "normal": None} | keys
    )


def sweep_of(make, name="2026-01-01/10-00-00_sweep", **keys):
    made = [make(f"{name}/{number:02d}", **keys) for number in (1, 2)]
    (made[0].folder.parent / "sweep.json").write_text(json.dumps({"format": 1}))
    return made


@pytest.mark.parametrize("word", [None, "latest"])
def test_it_is_the_newest_that_is_finished_and_it_is_said(make, word, capsys):
    make("2026-01-01/10-00-00_vae")
    last = make("mine")
    make("2026-01-01/11-00-00_vae", state="failed")
    found = request.opened(asked(run=word))
    assert found.folder.name == "mine"
    assert capsys.readouterr().err == "run    outputs/mine (the latest finished one)\n"
    assert runs.find(word).folder.resolve() == last.folder


def test_one_that_is_still_training_is_not_taken_but_told_of(make, capsys):
    going = make("2026-01-01/10-00-00_vae", state="running")
    text = "one is still training, to be looked at as run=outputs"
    with locked(going.folder), pytest.raises(BadRequest, match=text):
        runs.latest()
    old = make("2026-01-01/09-00-00_vae")  # which is the newer one
    with locked(going.folder):
        assert runs.latest().going is None
    newer = make("2026-01-01/11-00-00_vae", state="running")
    assert runs.latest().going is None  # it was killed
    with locked(newer.folder):
        assert request.opened(asked()).folder.resolve() == old.folder
        said = capsys.readouterr().err.splitlines()
        assert said[1].startswith("note   a newer run is still training: run=outputs/2026-01-01/11")
        assert request.opened(asked(run=str(newer.folder))).folder == newer.folder
        assert "is still training: what is seen is its best epoch" in capsys.readouterr().err


def test_after_a_sweep_it_is_the_sweep_where_one_is_taken(make, capsys):
    first, last = sweep_of(make, classes=[1])
    latest = runs.latest()
    assert latest.sweep is not None
    assert latest.sweep.resolve() == first.folder.parent
    assert "the last of its sweep)\n       aecli compare outputs/" in latest.told()
    assert latest.told(of_sweep=True).startswith("sweep  outputs/2026-01-01/10-00-00_sweep (the l")
    assert detect._sweep_asked(asked()) == latest.sweep
    assert detect._sweep_asked(asked(output="a.csv")) is None  # one file
    assert detect._sweep_asked(asked(run=str(last.folder))) is None
    make("alone")
    assert runs.latest().sweep is None
    sweep_of(make, "2026-01-01/12-00-00_sweep")
    assert detect._sweep_asked(asked()) is None  # nothing says what is normal
    assert detect._sweep_asked(asked(normal=[1])) is not None


def test_a_trial_of_a_search_is_called_so(make):
    make("2026-01-01/10-00-00_tune/trials/000")
    assert "best.yaml names the best" in runs.latest().told()
