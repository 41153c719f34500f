"""A figure's title names the data that it shows, where they are not those of the training."""

import importlib

import fresh_run
import numpy as np
import pytest

from aecli import runs

FILE = "it's $x$.npz"
ON = {  # command: what it needs to draw
    "denoise": ["noise=gaussian"],
    "detect": [],
    "traverse": ["n_dims=2", "steps=3"],
    "interpolate": ["images=[0,1]", "gif=false", "steps=3"],
}


@pytest.fixture(scope="module")
def place(compose, tmp_path_factory):
    root = tmp_path_factory.mktemp("titles")
    fresh_run.folder(compose, root, "model=vae")
    x = np.random.default_rng(0).random((20, 8, 8)).astype("float32")
    np.savez(root / FILE, x_train=x, x_test=x)
    return root


@pytest.fixture
def drawn(compose, place, monkeypatch):
    """drawn("detect", ...) -> the title of its figure."""
    monkeypatch.chdir(place)
    titles = []
    save = runs.Run.save_figure

    def save_figure(run, figure, *arguments, **options):
        titles.append(figure.get_suptitle().replace("\n", " "))
        return save(run, figure, *arguments, **options)

    monkeypatch.setattr(runs.Run, "save_figure", save_figure)

    def asked(command: str, *words: str) -> str:
        kind, *of_a_figure = command.split("-")
        module = importlib.import_module(f"aecli.commands.{kind}")
        which = [command] if of_a_figure else []
        module.main(compose("run=vae", *words, command=command), *which)
        return titles.pop()

    return asked


@pytest.mark.parametrize("command", ON)
def test_the_title_says_the_name_of_the_input(drawn, command):
    assert drawn(command, *ON[command]).endswith(": vae on digits")
    said = drawn(command, *ON[command], f'input="{FILE}"')
    assert said.endswith(f": vae on digits, shown {FILE}")


def test_the_title_says_the_data_set(drawn):
    data = ["dataset=npz", f'dataset.path="{FILE}"']
    said = drawn("plot-reconstructions", *data)
    assert said == f"Reconstructions of test images: vae on digits, shown {FILE}"
    assert drawn("plot-mosaic").endswith(": vae on digits")


def test_a_long_name_keeps_its_end():
    from matplotlib.figure import Figure

    from aecli.figures import style

    figure = Figure()
    figure.suptitle("Latent space")
    style.name_shown(figure, None)
    assert figure.get_suptitle() == "Latent space"
    style.name_shown(figure, "x" * 300 + "\x1b[31m.npz")
    said = figure.get_suptitle().replace("\n", " ")
    assert said == f"Latent space, shown ... {'x' * 27}?[31m.npz"
