"""Every error of the system while something is written: one line, exit code 5, nothing hangs."""

import errno
import os
import shutil

import fresh_run
import pytest

from aecli import dispatch, files, runs
from aecli.commands import tune
from aecli.console import logs, messages
from aecli.errors import CannotWrite
from aecli.io import pictures
from aecli.jobs import sweep
from aecli.locking import locked

pytest_plugins = ["cli_tree"]
LONG = "x" * 300


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOENT, errno.ESTALE, errno.EROFS, errno.ENOSPC])
def test_any_error_of_fsync_is_told_and_keeps_the_old_file(tmp_path, monkeypatch, code):
    file = tmp_path / "a.json"
    files.write_json(file, 1)

    def broken(descriptor):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(CannotWrite, match=f"a.json: {os.strerror(code)}") as told:
        files.write_json(file, 2)
    assert told.value.__cause__.__cause__ is None
    assert file.read_text() == "1\n"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_library_s_error_without_a_number_is_told_in_its_first_line(tmp_path):
    with pytest.raises(CannotWrite, match=r"a.h5: Unable to synchronously create file$"):  # noqa: SIM117
        with files.replacing(tmp_path / "a.h5"):
            raise OSError("Unable to synchronously create file\nmore")


def test_whatever_makes_a_file_or_folder_says_that_it_cannot(tmp_path):
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file" / "in" / "it", tmp_path / LONG / "x", "/proc/none/here"):
        place = tmp_path / place
        for make in (
            files.made_folder,
            files.unique_folder,
            lambda place: files.write_text(place, "text"),
            lambda place: files.write_text(place / "x", "text"),
            lambda place: pictures._write_folder(place, [], []),
            lambda place: locked(place).__enter__(),
            lambda place: logs.run_log(place, bar=False).__enter__(),
            lambda place: sweep.Sweep([f"outputs={place}"]).claim_folder(),
        ):
            with pytest.raises(CannotWrite, match="cannot write /"):
                make(place)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == ""


def test_a_study_in_such_a_place(tmp_path):
    request = type("Request", (), {"study": f"{tmp_path}/{LONG}", "outputs": ""})
    terms = type(
        "Terms", (), {"bases": [type("Base", (), {"choices": {"model": 1, "dataset": 1}})]}
    )
    with pytest.raises(CannotWrite, match="File name too long"):
        tune._folder(request, terms)


def test_the_longest_name_that_the_system_takes_is_taken(tmp_path):
    path = tmp_path / ("ü" * 120 + ".html")
    files.write_text(path, "text")
    assert path.read_text() == "text"


@pytest.mark.parametrize("length", [1, 2])
def test_a_circle_of_causes_is_walked_once(capsys, length):
    """It would never end: this is where any error but of a full disk hung."""
    errors = [OSError(errno.EIO, os.strerror(errno.EIO), "a") for _ in range(length)]
    for error, cause in zip(errors, errors[1:] + errors[:1], strict=True):
        error.__cause__ = cause
    assert messages.report(errors[0], "report", [], with_traceback=False) == 1
    assert "Input/output error" in capsys.readouterr().err


def test_a_report_where_nothing_can_be_written(compose, tmp_path, capsys):
    run = fresh_run.folder(compose, tmp_path, "model=ae")
    (run / "history.csv").write_text("epoch,seconds,loss,val_loss\n1,1,1,1\n")
    for output in ("/proc/x.html", f"{run}/status.json/x.html"):
        assert dispatch.run("report", [f"run={run}", f"output={output}"]) == 5
        said = capsys.readouterr().err.splitlines()
        assert [line.partition(":")[0] for line in said if "report card" not in line] == ["error"]


def test_hydra_s_own_folder(tree, capsys):
    for folder in ("/proc/none", LONG):
        assert dispatch.run("train", [f"hydra.run.dir={folder}"]) == 5
        said = capsys.readouterr().err
        assert said.startswith("error: cannot write ")
        assert said.count("\n") == 1


def test_a_run_folder_that_is_moved_away_ends_the_training(lab, monkeypatch, tmp_path):
    from aecli.training.callbacks.csv_log import CSVLog

    original = CSVLog.on_epoch_end

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            shutil.move(self._path.parent, tmp_path / "moved")
        original(self, epoch, logs)

    monkeypatch.setattr(CSVLog, "on_epoch_end", on_epoch_end)
    with pytest.raises(CannotWrite, match="No such file or directory"):
        lab.train("trainer.epochs=3", "figures=[]")
    (info,) = runs.list_runs(tmp_path)
    assert (info.state, info.folder.name) == ("killed", "moved")
