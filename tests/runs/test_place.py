"""What a folder that the user names has in it is never overwritten."""

import pytest
from fresh_run import folder as fresh

from aecli import dispatch, runs
from aecli.commands import train as command
from aecli.runs import place

SMALL = ["dataset.limit=100", "trainer.epochs=1", "trainer.jit_compile=false", "figures=[]"]


def everything(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.name != ".lock"}


@pytest.fixture
def mine(compose, tmp_path, monkeypatch):
    """A finished run in ./ae, with an evaluation of the user's."""
    monkeypatch.chdir(tmp_path)
    made = fresh(compose, tmp_path, "model=ae")
    (made / "eval" / "today").mkdir(parents=True)
    (made / "eval" / "today" / "metrics.json").write_text("{}")
    return made


def test_a_run_is_not_trained_over(mine, capsys):
    before = everything(mine)
    assert dispatch.run("train", ["hydra.run.dir=ae", *SMALL]) == 2
    error = capsys.readouterr().err
    assert "ae has a run, ae on digits, already" in error
    assert "replace=true" in error
    for bad in ("model.latent_dim=0", "trainer.batch_size=0", "dataset.path=x"):
        assert dispatch.run("train", ["hydra.run.dir=ae", "replace=true", *SMALL, bad]) == 2
    assert everything(mine) == before


def test_replace_deletes_the_run_whole_first(mine):
    words = ["hydra.run.dir=ae", "replace=true", "model=vae", *SMALL]
    assert dispatch.run("train", words) == 0
    assert not (mine / "eval").exists()
    run = runs.Run(mine)
    assert (run.status["model"], run.status["state"]) == ("vae", "done")
    assert "replace" not in run.config


def test_nothing_but_a_run_or_a_sweep_is_ever_deleted(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").write_text("x")
    for word in ("hydra.run.dir=home", "hydra.sweep.dir=home"):
        sweep = ["-m", "seed=1,2"] if "sweep" in word else []
        assert dispatch.run("train", [*sweep, word, "replace=true", *SMALL]) == 2
        assert "is not empty, and it is no run or sweep" in capsys.readouterr().err
    assert [p.name for p in (tmp_path / "home").iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("launcher", ["process", "basic"])
def test_a_sweep_is_not_trained_over(tmp_path, monkeypatch, capsys, launcher):
    monkeypatch.chdir(tmp_path)
    trained = []

    def train(cfg, names, overrides, folder):
        place.refuse_filled(folder, bool(cfg.replace))
        (folder / ".hydra").mkdir()
        (folder / runs.CONFIG).write_text("x")
        trained.append(folder)

    monkeypatch.setattr(command, "train", train)
    monkeypatch.setattr("aecli.jobs.hydra_sweep.train_all", lambda sweep, *_: 0)
    words = ["-m", f"hydra/launcher={launcher}", "hydra.sweep.dir=sw", *SMALL]
    assert dispatch.run("train", [*words, "seed=1,2,3"]) == 0
    before = everything(tmp_path / "sw")
    assert {p.parts[-3] for p in before if p.name == "config.yaml"} == {"01", "02", "03"}
    assert dispatch.run("train", [*words, "seed=1,2"]) == 2
    error = capsys.readouterr().err
    assert "sw has a sweep" in error
    assert "edited" not in error
    assert ("aecli train sweep=sw" in error) == (launcher == "process")
    assert everything(tmp_path / "sw") == before
    if launcher == "basic":  # checks a job as its turn comes: then the others would be gone
        assert dispatch.run("train", [*words, "seed=1,2", "replace=true"]) == 2
        assert "hydra/launcher=process" in capsys.readouterr().err
        assert everything(tmp_path / "sw") == before
        return
    assert dispatch.run("train", [*words, "seed=1,2", "modle=vae", "replace=true"]) == 2
    assert everything(tmp_path / "sw") == before
    assert dispatch.run("train", [*words, "seed=1,2", "replace=true"]) == 0
    after = {p.parts[-3] for p in everything(tmp_path / "sw") if p.name == "config.yaml"}
    assert after == {"01", "02"}


def test_resume_and_replace_are_two_things(mine, capsys):
    assert dispatch.run("train", ["resume=ae", "replace=true"]) == 2
    assert "state one of them" in capsys.readouterr().err
