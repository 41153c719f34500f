"""aecli compare as a user types it, on made-up runs."""

import json
import os
import pathlib

import pytest
from cli_script import aecli, python
from compared import Maker, product

from aecli.commands import compare
from aecli.console.arguments import parse
from aecli.console.compose import composed

JOBS = product(model__latent_dim=[2, 8], seed=[0, 1])
VALUES = [{"val_loss": v, "mse": v / 100} for v in (30.0, 31.0, 20.0, 22.0)]


@pytest.fixture
def sweep(tmp_path):
    """A finished sweep under ./outputs."""
    return Maker(tmp_path).sweep(JOBS, VALUES, "03-04-05_sweep")


def plain(*words, cwd):
    """Without figures, which need what a training makes."""
    return aecli("compare", *words, "draw=false", cwd=cwd)


def test_the_latest_sweep_by_default(sweep, tmp_path):
    done = plain(cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("4 runs of ae on digits by val_loss (nats an image), lower is bet")
    assert lines[1].split() == ["model.latent_dim", "seeds", "val_loss", "mse", "runs"]
    assert lines[2].split()[:5] == ["8", "2", "21.0", "±", "12.7"]
    assert done.stdout == plain("latest", cwd=tmp_path).stdout
    assert done.stdout == plain(str(sweep.relative_to(tmp_path)), cwd=tmp_path).stdout


def test_each_comparison_has_a_folder_of_its_own(sweep, tmp_path):
    before = {p: p.read_bytes() for p in sweep.rglob("*") if p.is_file()}
    for _ in range(3):
        assert plain(cwd=tmp_path).returncode == 0
    folders = sorted((sweep / "compare").iterdir())
    assert len(folders) == 3
    for folder in folders:
        assert sorted(os.listdir(folder)) == ["leaderboard.csv", "leaderboard.json"]
        assert len(json.loads((folder / "leaderboard.json").read_text())["rows"]) == 2
    assert {p: p.read_bytes() for p in before} == before


def test_json_alone_on_stdout(sweep, tmp_path):
    done = plain("--json", cwd=tmp_path)
    found = json.loads(done.stdout)
    assert [row["settings"] for row in found["rows"]] == [
        {"model.latent_dim": 8},
        {"model.latent_dim": 2},
    ]
    assert "written to" in done.stderr


def test_two_runs_say_what_differs(tmp_path):
    maker = Maker(tmp_path)
    maker.run(["model=vae", "model.beta=4"], {"val_loss": 5.0}, "a b")
    maker.run(["model=vae"], {"val_loss": 4.0}, "it's")
    done = plain("outputs/2026-01-02/a b", "outputs/2026-01-02/it's", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "model.beta" in done.stdout.splitlines()[1]
    differs, beta = done.stdout.splitlines()[-2:]
    assert differs.split()[0] == "differs"
    assert beta.split() == ["model.beta", "4", "1"]
    (folder,) = (tmp_path / "outputs").glob("*/*_compare")
    assert json.loads((folder / "leaderboard.json").read_text())["differs"] == {
        "model.beta": ["4", "1"]
    }


def test_two_runs_of_one_config(tmp_path):
    maker = Maker(tmp_path)
    folders = [str(maker.run([], {"val_loss": v}, str(v))) for v in (5.0, 4.0)]
    done = plain(*folders, cwd=tmp_path)
    assert done.stdout.endswith("\nthe two configs are the same\n")


def test_it_imports_no_tensorflow_without_figures(sweep, tmp_path):
    words = ["compare", "draw=false"]
    code = (
        f"sys.argv += {words!r}; from aecli.cli import main; main();"
        "from aecli.comparison import leaderboard_of_sweep as board;"
        f"assert board({str(sweep)!r}).startswith('4 runs of ae');"
        "print('MODULES', *{name.partition('.')[0] for name in sys.modules})"
    )
    modules = set(python(code, tmp_path).stdout.rpartition("MODULES ")[2].split())
    assert "hydra" in modules
    assert not modules & {"tensorflow", "keras", "matplotlib"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "error: nowhere does not exist\nhint:  aecli runs"),
        (["empty"], "error: there is no run in empty\nhint:  aecli runs"),
        (["outputs/2026-01-02/03-04-05_sweep/01"], "05_sweep/01 is one run: name a second one\n"),
        (["metric=msee"], "error: metric=msee is none of these runs': it can be val_loss, mse\n"),
        (["paths=[1]"], "error: paths must be a list of folders\n"),
        (["latest", "outputs=empty"], "error: no sweep under empty/\n"),
    ],
)
def test_a_bad_request_is_told_in_two_lines(sweep, tmp_path, words, said):
    (tmp_path / "empty").mkdir()
    done = plain(*words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) <= 2
    assert not (sweep / "compare").exists()


def test_nothing_done_yet(tmp_path):
    Maker(tmp_path).sweep(JOBS, ["queued"] * 3 + ["failed: x"])
    done = plain(cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "error: no run is done that could be compared: 3 queued, 1 failed\n"


def test_a_link_in_a_sweep_is_not_followed(sweep, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (sweep / "compare").symlink_to(tmp_path / "elsewhere")
    done = plain(cwd=tmp_path)
    assert done.returncode == 2
    assert "is a link" in done.stderr
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("path", ["a b", "it's", "a,b", "[x]", "a\\b", "end\\", "1e3", "ü{", "\\'"])
def test_any_path_is_taken_as_it_is(path):
    words = parse("compare", [path, "metric=mse", "other"]).overrides
    assert list(composed("compare", words).config.paths) == [path, "other"]


def test_the_figures_are_lines_on_stderr_where_they_cannot_be_drawn(sweep, tmp_path):
    """These runs have no model: the other figures are drawn all the same."""
    done = aecli("compare", cwd=tmp_path)
    assert done.returncode == 0
    assert "no reconstructions figure: " in done.stderr
    (folder,) = (sweep / "compare").iterdir()
    drawn = sorted(p.name for p in pathlib.Path(folder, "figures").iterdir())
    assert drawn == ["loss_curves.png", "metric_against_latent_dim.png"]


def test_on_a_terminal_the_metrics_that_have_room(tmp_path, monkeypatch, capsys):
    values = [{"val_loss": 1.0, "loss": 2.0, "bce": 3.0, "mse": 4.0, "psnr": 5.0}]
    board = Maker(tmp_path).board([["seed=0"]], values)
    assert compare._that_fit(board) == ["val_loss", "loss", "bce", "mse", "psnr"]
    monkeypatch.setattr(compare.sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "40")
    assert compare._that_fit(board) == ["val_loss", "loss", "bce", "mse"]
    compare._print(board)
    assert "more in leaderboard.csv: psnr" in capsys.readouterr().out
