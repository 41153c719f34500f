"""aecli compare on a real sweep, from the training to the pictures."""

import json

import numpy as np
import pytest
from cli_script import aecli
from PIL import Image
from scipy import stats

from aecli.comparison import leaderboard_of_sweep, sources
from aecli.comparison.leaderboard import leaderboard
from aecli.figures import compare_strips
from aecli.runs import sweeps

pytestmark = pytest.mark.slow

SMALL = ["dataset.limit=150", "figures=[]", "trainer.jit_compile=false", "trainer.epochs=2"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A directory with a sweep of four runs in ./outputs."""
    folder = tmp_path_factory.mktemp("sweep")
    words = ["model=ae,vae", "seed=0,1", *SMALL]
    done = aecli("train", "-m", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def folder(place):
    return sweeps.find("latest", str(place / "outputs")).folder


def test_the_whole_command(place, folder):
    done = aecli("compare", cwd=place)
    assert done.returncode == 0, done.stderr
    assert "by mse (a pixel)" in done.stdout.splitlines()[0]
    assert "model differs; sorted by mse instead of val_loss" in done.stdout
    assert done.stdout == leaderboard_of_sweep(folder) + "\n"
    (made,) = (folder / "compare").iterdir()
    for row in json.loads((made / "leaderboard.json").read_text())["rows"]:
        values = [json.loads((place / run / "metrics.json").read_text()) for run in row["runs"]]
        for name in ("loss", "bce", "mse", "psnr"):
            column = [one[name] for one in values]
            found = row["metrics"][name]
            interval = stats.t.interval(0.95, 1, loc=np.mean(column), scale=stats.sem(column))
            ends = (found["mean"] - found["ci95"], found["mean"] + found["ci95"])
            assert ends == pytest.approx(interval)
    sizes = {p.name: Image.open(p).size for p in (made / "figures").iterdir()}
    assert sorted(sizes) == [
        "loss_curves.png", "metric_against_model.png", "reconstructions.png"
    ]  # fmt: skip
    assert {width for width, _ in sizes.values()} == {804}


def test_a_strip_is_what_the_model_makes_of_the_same_images(place, folder, monkeypatch):
    monkeypatch.chdir(place)
    board = leaderboard(sources.find([str(folder)]))
    drawn = {}
    monkeypatch.setattr(
        compare_strips, "_drawn", lambda board, strips, *_: drawn.update(strips) or _empty()
    )
    compare_strips.reconstructions(board)
    from aecli import runs

    names = list(drawn)
    assert names[0] == "original"
    assert [name.splitlines()[0] for name in names[1:]] == ["model=ae", "model=vae"]
    for row, name in zip(board.rows, names[1:], strict=True):
        run = runs.Run(row.records[0].entry.folder)
        assert run.config.seed == 0
        x, target, _ = run.examples(n=10)
        np.testing.assert_array_equal(drawn["original"], target)
        np.testing.assert_array_equal(drawn[name], run.model.reconstruct(x))


def _empty():
    from matplotlib.figure import Figure

    return Figure()


def test_a_run_without_its_model_costs_its_own_strip(place, folder, monkeypatch, tmp_path):
    monkeypatch.chdir(place)
    board = leaderboard(sources.find([str(folder)]))
    lost = board.rows[0].records[0].entry.folder / "checkpoints" / "best.keras"
    lost.rename(tmp_path / "away")
    try:
        figure = compare_strips.reconstructions(board)
    finally:
        (tmp_path / "away").rename(lost)
    ax = figure.axes[0]
    assert ax.get_xlabel() == "1 without a readable model"
    assert len(ax.get_yticklabels()) == 2


def test_other_data_have_no_strip(place, folder, monkeypatch):
    monkeypatch.chdir(place)
    done = aecli("train", "dataset.classes=[0,1]", "seed=0", *SMALL, cwd=place)
    assert done.returncode == 0, done.stderr
    (other,) = (place / "outputs").glob("*/*_ae_digits")
    board = leaderboard(sources.find([str(folder), str(other)]))
    assert any("dataset.classes" in note for note in board.notes)
    best = board.rows[0].records[0].leaves["dataset.classes"]
    figure = compare_strips.reconstructions(board)
    others = sum(row.records[0].leaves["dataset.classes"] != best for row in board.rows)
    assert figure.axes[0].get_xlabel() == f"{others} with other data left out"
    assert len(figure.axes[0].get_yticklabels()) == 1 + len(board.rows) - others
