"""aecli rm and aecli runs: what a query finds, what is deleted and what never is."""

import datetime
import json
import os

import pytest

from aecli.locking import locked
from aecli.runs import removal, tags
from aecli.runs.listing import list_runs


@pytest.fixture
def outputs(tmp_path, monkeypatch):
    """make(name, ...) -> a folder as a run leaves it, under outputs/2026-01-02/."""
    monkeypatch.chdir(tmp_path)

    def make(name, days=0, **status):
        folder = tmp_path / "outputs" / "2026-01-02" / name
        (folder / ".hydra").mkdir(parents=True)
        (folder / ".hydra" / "config.yaml").write_text("model: {}\n")
        (folder / "checkpoints").mkdir()
        (folder / "checkpoints" / "best.keras").write_bytes(b"0" * 1000)
        began = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)
        about = {"state": "done", "model": "ae", "dataset": "digits", "started": began.isoformat()}
        (folder / "status.json").write_text(json.dumps(about | status))
        return folder

    return make


def test_a_query_deletes_what_it_lists_and_no_other(outputs, typed):
    old = outputs("10-00-00_ae_digits", days=40)
    failed = outputs("11-00-00_ae_digits", state="failed")
    other = outputs("12-00-00_vae_digits", days=40, model="vae")
    code, said = typed("rm", "older=30d", "model=ae", "yes=true")
    assert (code, "deleted 1 of 1 run, 0.0 MB" in said) == (0, True), said
    assert (old.exists(), failed.exists(), other.exists()) == (False, True, True)
    assert typed("rm", "status=failed", "yes=true")[0] == 0
    assert not failed.exists()
    assert typed("rm", str(other), "yes=true")[0] == 0
    assert not (other.parent).exists()  # the day is empty


def test_nothing_goes_without_being_asked_for_and_agreed(outputs, typed):
    run = outputs("10-00-00_ae_digits")
    for words in ((), ("yes=true",)):
        assert "say which runs" in typed("rm", *words)[1]
    code, said = typed("rm", "model=ae")
    assert (code, "nobody can be asked here" in said) == (2, True)
    assert typed("rm", "older=soon", "yes=true")[0] == 2
    assert typed("rm", "status=bad", "yes=true")[0] == 2
    assert typed("rm", "model=vae", "yes=true")[1] == "no run to delete\n"
    assert run.exists()


def test_what_is_no_run_or_under_way_stays(outputs, typed, tmp_path):
    busy = outputs("10-00-00_ae_digits", state="running")
    mixed = outputs("11-00-00_ae_digits")
    (mixed / "thesis.tex").write_text("mine")
    trial = outputs("12-00-00_tune_ae_digits/trials/001")
    (trial.parents[1] / "journal.log").write_text("")
    with locked(busy):
        code, said = typed("rm", "model=ae", "yes=true")
    assert code == 0
    for why in ("is under way", "has thesis.tex beside", "is a trial of a study"):
        assert why in said
    assert all(folder.exists() for folder in (busy, mixed, trial))
    (tmp_path / "photos").mkdir()
    assert "is no run folder" in typed("rm", "photos", "yes=true")[1]
    assert (tmp_path / "photos").is_dir()


def test_links_are_not_followed(outputs, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("mine")
    run = outputs("10-00-00_ae_digits")
    os.symlink(tmp_path / "mine", run / "figures")
    (info,) = list_runs(tmp_path / "outputs")
    assert removal.remove(info) == ""
    assert not run.exists()
    assert (tmp_path / "mine" / "file").read_text() == "mine"


def test_a_job_of_a_sweep_under_way_stays_and_the_last_takes_the_sweep_along(outputs, tmp_path):
    jobs = [outputs(f"10-00-00_sweep/0{n}", state="queued") for n in (1, 2)]
    sweep = jobs[0].parent
    (sweep / "sweep.json").write_text("{}")
    infos = list_runs(tmp_path / "outputs")
    with locked(sweep):
        assert "under way" in removal.remove(infos[0])
    assert removal.remove(infos[0]) == ""
    assert (sweep / "sweep.json").exists()
    assert removal.remove(infos[1]) == ""
    assert not sweep.exists()


def test_runs_are_sorted_tagged_and_noted(outputs, typed):
    worse = outputs("10-00-00_ae_digits", val_loss=9.0)
    better = outputs("11-00-00_ae_digits", val_loss=3.0)
    outputs("12-00-00_vae_digits", model="vae")
    assert typed("runs", str(better), "tag=best", "note='narrow code'")[0] == 0
    said = typed("runs", "sort=val_loss")[1].splitlines()
    assert [line.split()[1] for line in said[1:4]] == ["ae", "ae", "vae"]
    assert said[1].split()[-4:] == ["3", "best", "narrow", "code"]
    found = json.loads(typed("runs", "sort=-val_loss", "model=ae", "--json")[1])
    assert [run["val_loss"] for run in found] == [9.0, 3.0]
    assert found[1]["tags"] == ["best"]
    assert str(worse) not in typed("runs", "tag=best")[1]
    assert "sort must be one of" in typed("runs", "sort=size")[1]
    assert typed("runs", str(better), "untag=best")[0] == 0
    assert tags.read(better) == tags.Tags((), "narrow code")
    assert typed("runs", str(better), "tag=../x")[0] == 2
    assert "untag and note are of a run" in typed("runs", "note=some")[1]


def test_a_strangers_tags_steer_nothing(outputs):
    run = outputs("10-00-00_ae_digits")
    for text in ("[]", '{"tags": 3, "note": ""}', "{" * 20_000, '{"tags": ["a"]}'):
        (run / tags.NAME).write_text(text)
        assert tags.read(run) == tags.Tags()
    (run / tags.NAME).write_text(json.dumps({"tags": ["\x1b[31m", "fine"], "note": "a\x1b[2Jb"}))
    assert tags.read(run) == tags.Tags(("fine",), "a?[2Jb")
