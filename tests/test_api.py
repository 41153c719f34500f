"""aecli.train and aecli.load do what the commands do, on words and on data at hand."""

import pathlib
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.datasets import load_breast_cancer

import aecli
from aecli import cli, runs

WORDS = ["model=vae", "dataset=digits", "dataset.limit=200", "figures=[]", "trainer.threads=1"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


@pytest.fixture(scope="module")
def run(place):
    return aecli.train(*WORDS, {"trainer.jit_compile": False}, epochs=2, verbose=False)


def weights(folder: pathlib.Path) -> list[np.ndarray]:
    return [np.array(value) for value in runs.Run(folder).model.variables]


def test_it_is_the_command_bit_for_bit(run, place, capsys):
    words = [*WORDS, "trainer.epochs=2", "trainer.jit_compile=false", "outputs=typed"]
    assert cli.dispatch(["train", *words]) == 0
    (info,) = runs.list_runs("typed")
    for one, other in zip(weights(run.folder), weights(info.folder), strict=True):
        np.testing.assert_array_equal(one, other)
    other = aecli.load(info.folder)
    assert run.metrics == other.metrics
    assert run.history["val_loss"] == other.history["val_loss"]
    assert run.config["model"] == other.config["model"]


def test_what_goes_in_comes_out(run):
    new = run.generate(6, seed=3)
    np.testing.assert_array_equal(new, run.generate(6, seed=3))
    codes = run.encode(new)
    assert codes.shape == (6, 2)
    np.testing.assert_allclose(run.decode(codes), run.reconstruct(new), rtol=1e-4, atol=1e-4)
    assert run.score(new).shape == (6,)
    assert run.evaluate()["mse"] == pytest.approx(run.metrics["mse"], rel=1e-5)
    assert isinstance(run.figure("loss_curve"), Figure)
    assert str(run.folder) in repr(run)


def test_the_newest_is_found(run):
    assert aecli.load("latest").folder.resolve() in {
        info.folder.resolve() for info in runs.list_runs()
    }


def test_arrays_of_a_table(place):
    X, labels = load_breast_cancer(return_X_y=True)
    normal = aecli.train(
        X[labels == 1], model="ae", latent_dim=4, epochs=20, figures=[], verbose=False
    )
    scores = normal.score(X)
    assert scores[labels == 0].mean() > 2 * scores[labels == 1].mean()
    found = normal.detect(X)
    assert found.is_anomalous[labels == 0].mean() > found.is_anomalous[labels == 1].mean()
    made = aecli.load(normal.folder).reconstruct(X[:5])
    assert made.shape == (5, 30)
    assert np.abs(made - X[:5]).mean() < np.abs(X.mean(axis=0) - X[:5]).mean()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["modle=vae"], "did you mean"),
        (["model=VAE"], "vae"),
        (["model=vae", "trainer.epochs=0"], "trainer.epochs"),
    ],
)
def test_mistakes_are_exceptions_of_a_line(place, words, said):
    with pytest.raises(aecli.BadRequest, match=said) as caught:
        aecli.train(*words, verbose=False)
    assert len(str(caught.value).splitlines()) <= 2


def test_a_wrong_shape_is_told_in_a_line(run):
    with pytest.raises(aecli.BadRequest) as caught:
        run.encode(np.zeros((3, 5, 5), "float32"))
    assert len(str(caught.value).splitlines()) <= 2


def test_nothing_is_said_on_import(place):
    code = "import aecli, sys; assert 'tensorflow' not in sys.modules; aecli.train"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_a_notebook_shows_a_figure_as_a_picture(run):
    assert run.figure("loss_curve")._repr_png_().startswith(b"\x89PNG")
