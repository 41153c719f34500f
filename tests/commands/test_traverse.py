"""aecli traverse: one code unit at a time, sorted by what it knows."""

import csv

import fresh_run
import numpy as np
import pytest
from figures_run import cell, picture_of
from scipy.integrate import quad
from scipy.stats import norm

from aecli import build, runs
from aecli.commands import traverse as command
from aecli.divergences import gaussian_kl, gaussian_kl_of_units
from aecli.errors import BadRequest
from aecli.figures import traversal, traversed


@pytest.fixture(scope="module")
def trained(compose, tmp_path_factory):
    """{model: run}"""
    root = tmp_path_factory.mktemp("runs")
    words = {
        "vae": ["model.latent_dim=4"],
        "ae": ["model.latent_dim=5", "model.code_activation=relu"],
        "conv": ["model.latent_dim=6"],
    }
    return {
        name: runs.Run(fresh_run.folder(compose, root, f"model={name}", *more))
        for name, more in words.items()
    }


@pytest.fixture
def ask(compose, trained, monkeypatch):
    """ask("vae", "span=2") -> the file, the units, and the figure."""

    def asked(name, *overrides):
        drawn = []
        monkeypatch.setattr(traversal, "grid", lambda *a: drawn.append(grid(*a)) or drawn[0])
        words = [f"run={trained[name].folder}", *overrides]
        path, units = command.traverse(compose(*words, command="traverse"))
        return path, units, drawn[0]

    grid = traversal.grid
    return asked


def test_the_kl_of_a_unit_is_that_of_its_two_gaussians():
    mean, log_var = np.array([[0.3, -2.0], [0.0, 1.0]]), np.array([[-1.0, 0.5], [0.0, -3.0]])
    found = np.asarray(gaussian_kl_of_units(mean, log_var))
    for place in np.ndindex(2, 2):
        q = norm(mean[place], np.exp(log_var[place] / 2))
        integrand = lambda z, q=q: q.pdf(z) * (q.logpdf(z) - norm.logpdf(z))  # noqa: E731
        low, high = q.interval(1 - 1e-12)
        assert found[place] == pytest.approx(quad(integrand, low, high)[0], abs=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), gaussian_kl(mean, log_var))


def test_the_rows_of_a_vae_are_sorted_by_their_kl(ask, trained):
    run = trained["vae"]
    path, units, figure = ask("vae", "image=7", "n_dims=3", "steps=5", "span=2")
    x = run.examples("test")[0]
    assert (np.diff(units["kl"]) <= 0).all()
    assert units["kl"].sum() == pytest.approx(run.model.score(x)["kl"].mean(), rel=1e-5)
    codes = run.model.encode(x)
    order = [int(name[2:-1]) for name in units["unit"]]
    np.testing.assert_allclose(units["variance"], codes.var(axis=0)[order], rtol=1e-4)

    picture = picture_of(figure)
    for row, unit in enumerate(order[:3]):
        for column, value in enumerate([-2, -1, 0, 1, 2]):
            z = codes[7:8].copy()
            z[0, unit] = value
            shown = cell(picture, row, column, (8, 8), 1)
            np.testing.assert_allclose(shown, run.model.decode(z)[0, ..., 0], atol=1e-6)
    ax = figure.axes[0]
    names = [t.get_text() for t in ax.get_yticklabels()]
    assert names[0].startswith(f"z[{order[0]}]   KL ")
    assert float(names[0].split()[2]) == pytest.approx(units["kl"][0], rel=0.01)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["-2", "-1", "0", "1", "2"]
    assert ax.get_xlabel() == "standard deviations of the prior"
    assert "the other units as in image 7" in ax.get_title()
    with (path.parent / "units.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["unit"] for row in rows] == units["unit"].tolist()
    np.testing.assert_allclose([float(row["kl"]) for row in rows], units["kl"], rtol=1e-6)


def test_the_kl_of_a_grid_code_is_that_of_its_maps(compose):
    words = ["model=vae", "network=conv", "model.latent_dim=3", "model.flat=false"]
    model = build.model(compose(*words), (8, 8, 1))
    x = np.random.default_rng(0).random((5, 8, 8, 1), dtype="float32")
    kl = model.kl_of_units(x)
    assert kl.shape == (5, *model.code_shape)
    units = traversed._units(model.encode(x), kl)
    assert units["unit"].tolist() == ["z[:,:,0]", "z[:,:,1]", "z[:,:,2]"]
    assert units["kl"].sum() == pytest.approx(model.score(x)["kl"].mean(), rel=1e-5)


def test_without_a_prior_units_stay_in_their_range_and_are_sorted_by_variance(ask, trained):
    run = trained["ae"]
    _, units, figure = ask("ae", "image=null", "steps=3", "span=10")
    codes = run.model.encode(run.examples("test")[0])
    assert list(units) == ["unit", "variance"]
    order = np.argsort(-codes.var(axis=0), kind="stable")
    assert units["unit"].tolist() == [f"z[{i}]" for i in order]
    assert codes.min() == 0  # ten standard deviations below the mean there is nothing
    picture, z = picture_of(figure), codes.mean(axis=0)
    for row, unit in enumerate(order):
        column = {0: codes[:, unit].min(), 1: z[unit], 2: codes[:, unit].max()}
        for place, value in column.items():
            one = z.copy()
            one[unit] = value
            shown = cell(picture, row, place, (8, 8), 1)
            expected = run.model.decode(one[None])[0, ..., 0]
            np.testing.assert_allclose(shown, expected, atol=1e-5)
    assert "all 5 units\nthe other units at the mean code" in figure.axes[0].get_title()


def test_a_map_of_a_grid_code_moves_as_a_whole(ask, trained):
    run = trained["conv"]
    _, units, figure = ask("conv", "image=0", "steps=3", "span=1", "n_dims=2")
    codes = run.model.encode(run.examples("test")[0])
    flat = codes.reshape(-1, codes.shape[-1])
    first = int(units["unit"][0].removeprefix("z[:,:,").removesuffix("]"))
    assert first == flat.var(axis=0).argmax()
    z = codes[:1].copy()
    moved = z[0, ..., first] + flat[:, first].std()
    z[0, ..., first] = np.minimum(moved, flat[:, first].max())
    picture = picture_of(figure)
    expected = run.model.decode(np.concatenate([codes[:1], z]))
    np.testing.assert_allclose(cell(picture, 0, 1, (8, 8), 1), expected[0, ..., 0], atol=1e-5)
    np.testing.assert_allclose(cell(picture, 0, 2, (8, 8), 1), expected[1, ..., 0], atol=1e-5)
    assert "2 of 6 units" in figure.axes[0].get_title()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["image=150"], "there are 150, counted from 0 to 149"),
        (["image=-1"], "image must be greater than or equal to 0"),
        (["span=0"], "span must be greater than 0"),
        (["n_dims=0"], "n_dims must be greater"),
        (["steps=1"], "steps must be greater"),
    ],
)
def test_what_cannot_be_is_refused(ask, trained, words, said):
    before = set(trained["vae"].folder.rglob("*"))
    with pytest.raises(BadRequest, match=said):
        ask("vae", *words)
    assert set(trained["vae"].folder.rglob("*")) == before
