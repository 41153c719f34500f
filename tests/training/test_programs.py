"""XLA's programs are machine code: they come from a folder of the user's alone, or from nowhere."""

import os

import pytest

from aecli import cache
from aecli.training import programs


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path / "aecli")
    monkeypatch.setenv(programs.FLAGS, "--tf_xla_enable_lazy_compilation=false")
    return tmp_path / "aecli" / "programs"


def folder() -> str | None:
    flags = os.environ[programs.FLAGS].split()
    assert flags[0] == "--tf_xla_enable_lazy_compilation=false"  # the user's own stay
    found = [f.partition("=")[2] for f in flags if f.startswith(programs.OURS[0])]
    return found[0] if found else None


def test_they_are_kept_in_a_folder_of_ones_own_unless_that_is_refused(place):
    programs.keep(True)
    assert (kept := folder()) is not None
    assert (os.stat(kept).st_mode & 0o777, os.path.dirname(kept)) == (0o700, str(place))
    programs.keep(True)
    assert os.environ[programs.FLAGS].count(programs.OURS[0]) == 1
    programs.keep(False)
    assert folder() is None


@pytest.mark.parametrize("which", ["aecli", "programs", "leaf"])
@pytest.mark.parametrize("how", ["others may write", "a link", "somebody else's"])
def test_nothing_is_loaded_from_a_folder_that_others_may_write_in(
    place, which, how, monkeypatch, tmp_path
):
    programs.keep(True)
    kept = folder()
    assert kept is not None
    path = {"aecli": place.parent, "programs": place, "leaf": place / os.path.basename(kept)}[which]
    if how == "others may write":
        path.chmod(0o777)
    elif how == "a link":
        path.rename(tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere")
    else:
        monkeypatch.setattr(os, "getuid", lambda: 12345)
    programs.keep(True)
    assert folder() is None


def test_the_oldest_go_where_there_are_too_many(place, monkeypatch):
    programs.keep(True)
    kept = folder()
    assert kept is not None
    for age in range(4):
        with open(os.path.join(kept, f"{age}.pb"), "wb") as file:
            file.write(bytes(100))
        os.utime(file.name, (1000 - age, 1000 - age))
    monkeypatch.setattr(programs, "MOST", 250)
    programs.keep(True)
    assert sorted(os.listdir(kept)) == ["0.pb", "1.pb"]
