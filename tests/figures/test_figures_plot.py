"""The plot-* commands on a run folder: what they write, where, and what they say."""

import pathlib

import numpy as np
import pytest
from figures_run import LinearModel
from places import CONFIGS

from aecli import build, runs
from aecli.commands import plot
from aecli.console.compose import composed
from aecli.errors import BadRequest, NotApplicable

OF_FACTORS = {"plot-factors"}  # of data that have them: tests/commands/test_factor_commands.py
COMMANDS = sorted({p.stem for p in CONFIGS.glob("plot-*.yaml")} - OF_FACTORS)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A finished run on digits, in the outputs of the working directory; its model is a PCA."""
    monkeypatch.chdir(tmp_path)
    config = composed("train", []).config
    splits = build.component(config.dataset, "dataset").load()
    folder = pathlib.Path("outputs/2026-01-01/00-00-00_ae_digits")
    folder.mkdir(parents=True)
    about = {"model": "ae", "dataset": "digits", "data_shape": list(splits.data_shape)}
    run = runs.create(folder, config, [], about)
    (folder / "history.csv").write_text("epoch,loss,val_loss\n1,3,2\n2,2,1\n")
    (folder / "figures" / "manifold.png").write_text("the one that train drew")
    run.finish("done")
    model = LinearModel(splits.train.pixels(), code_shape=(4,))
    monkeypatch.setattr(runs.Run, "model", model)
    return run


def figure_name(command):
    sources = composed(command, []).sources
    return next(path.rpartition("/")[2] for path, _ in sources if path.startswith("figures/"))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_writes_its_figure_into_the_eval_folder_and_prints_the_path(command, run, capsys):
    assert len(COMMANDS) >= 5
    plot.main(composed(command, []).config, command)
    out, err = capsys.readouterr()
    path = pathlib.Path(out.strip())
    assert path.is_file()
    assert path.parent.parent == run.folder / "eval"
    assert path.name == f"{figure_name(command)}.png"
    assert str(run.folder) in err  # the run that was taken is named
    assert (run.folder / "figures" / "manifold.png").read_text() == "the one that train drew"


def test_run_path_and_format_and_the_figures_own_keys(run, capsys):
    overrides = [f"run={run.folder}", "format=svg", "n=3", "dims=[1,3]", "range=[-2,2]"]
    path = plot.plot(composed("plot-manifold", overrides).config, "manifold")
    text = path.read_text()
    assert path.suffix == ".svg"
    assert "z[3]" in text
    assert "equal steps" in text
    assert capsys.readouterr().err == ""


def test_two_figures_in_a_second_do_not_share_a_file(run):
    config = composed("plot-loss", []).config
    assert plot.plot(config, "loss_curve") != plot.plot(config, "loss_curve")


def test_another_dataset_and_noise_replace_the_runs_own(run, monkeypatch):
    np.savez(
        "ones.npz", x_train=np.ones((40, 8, 8), "float32"), x_test=np.ones((9, 8, 8), "float32")
    )
    overrides = ["dataset=npz", "dataset.path=ones.npz", "noise=masking", "n=5"]
    figures = []
    monkeypatch.setattr(runs.Run, "save_figure", lambda self, figure, *_: figures.append(figure))
    plot.plot(composed("plot-reconstructions", overrides).config, "reconstructions")
    ax = figures[0].axes[0]
    assert [t.get_text() for t in ax.get_yticklabels()][1] == "noisy input"
    assert (ax.images[0].get_array()[:8, :8] == 1).all()
    shown = "ae on digits, shown ones.npz"
    assert (
        figures[0].get_suptitle().replace("\n", " ") == f"Reconstructions of test images: {shown}"
    )


def test_the_dataset_stated_anew_keeps_the_split_of_the_run(run, monkeypatch):
    figures = []
    monkeypatch.setattr(runs.Run, "save_figure", lambda self, figure, *_: figures.append(figure))
    overrides = ["dataset=digits", "n=1"]
    plot.plot(composed("plot-reconstructions", overrides).config, "reconstructions")
    own = runs.find().splits.test.pixels()[0, ..., 0]
    shown = figures[0].axes[0].images[0].get_array()[:8, :8]
    assert np.corrcoef(own.ravel(), shown.ravel())[0, 1] > 0.9


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["format=gif"], r"^format must be 'png', 'svg' or 'pdf'; got 'gif'"),
        (["n=1"], r"^n must be greater than or equal to 2; got 1"),
        (["dims=[0,9]"], r"^dims must be code units from 0 to 3; got \[0, 9\]"),
        (["run=nowhere"], "run=nowhere does not exist"),
        (["run=figures.old"], r"^figures\.old is not a run folder"),
    ],
)
def test_a_bad_request_names_the_key_as_it_was_typed(run, overrides, message):
    pathlib.Path("figures.old").mkdir()
    with pytest.raises(BadRequest, match=message):
        plot.plot(composed("plot-manifold", overrides).config, "manifold")
    assert not (run.folder / "eval").exists()


def test_a_figure_that_does_not_fit_says_what_it_needs(run, monkeypatch):
    model = LinearModel(run.splits.train.pixels(), code_shape=(2, 2, 2))
    monkeypatch.setattr(runs.Run, "model", model)
    with pytest.raises(NotApplicable, match=r"figure manifold needs a flat code .* \(2, 2, 2\)"):
        plot.plot(composed("plot-manifold", []).config, "manifold")
