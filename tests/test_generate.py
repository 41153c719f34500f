"""aecli generate: images decoded from the prior's codes, or from a mixture fitted to codes."""

import pathlib

import fresh_run
import numpy as np
import pytest
from aecli.models.mixture import Mixture
from PIL import Image
from sklearn.mixture import GaussianMixture

from aecli import runs
from aecli.commands.generate import generate
from aecli.errors import BadRequest, NotApplicable
from aecli.models import mixture


@pytest.fixture(scope="module")
def trained(compose, tmp_path_factory):
    """{model: folder of a run on digits}"""
    root = tmp_path_factory.mktemp("runs")
    return {
        "vae": fresh_run.folder(compose, root, "model=vae", "model.latent_dim=3"),
        "ae": fresh_run.folder(compose, root, "model=ae", "model.latent_dim=3"),
        "conv": fresh_run.folder(compose, root, "model=conv", "model.latent_dim=2"),
    }


@pytest.fixture
def ask(compose, trained):
    """ask("vae", "n=4") -> the array of codes and of images in the .npz that is written."""

    def generated(name, *overrides):
        path = generate(compose(f"run={trained[name]}", *overrides, command="generate"))
        if path.suffix != ".npz":
            return path
        with np.load(path) as stored:
            assert (path.parent / "generated.png").is_file()
            return stored["code"], stored["x"]

    return generated


def test_a_vae_decodes_draws_of_its_prior(ask, trained):
    codes, x = ask("vae", "n=2000")
    np.testing.assert_array_equal(ask("vae", "n=2000", "prior=model")[0], codes)
    assert np.abs(codes.mean(axis=0)).max() < 0.1  # 4 standard errors
    np.testing.assert_allclose(codes.std(axis=0), 1.0, atol=0.07)
    np.testing.assert_allclose(runs.Run(trained["vae"]).model.decode(codes), x, atol=1e-6)
    assert not np.array_equal(ask("vae", "n=2000", "seed=1")[0], codes)


def test_a_plain_autoencoder_takes_a_mixture(ask, trained):
    codes, x = ask("ae", "n=3000", "components=2")
    run = runs.Run(trained["ae"])
    of_training = run.model.encode(run.examples("train")[0])
    error = of_training.std(axis=0) / np.sqrt(3000)
    assert (np.abs(codes.mean(axis=0) - of_training.mean(axis=0)) < 5 * error).all()
    np.testing.assert_allclose(np.cov(codes.T), np.cov(of_training.T), rtol=0.15, atol=0.05)
    np.testing.assert_allclose(run.model.decode(codes), x, atol=1e-6)
    np.testing.assert_array_equal(ask("ae", "n=3000", "components=2", "prior=gmm")[0], codes)


def test_the_mixture_of_a_vae_is_of_draws_from_its_posteriors(ask, trained):
    codes, _ = ask("vae", "n=4000", "prior=gmm", "components=1")
    run = runs.Run(trained["vae"])
    x = run.examples("train")[0]
    draws, means = run.model.encode(x, seed=0), run.model.encode(x)
    np.testing.assert_allclose(codes.var(axis=0), draws.var(axis=0), rtol=0.12)
    assert (codes.var(axis=0) > 2 * means.var(axis=0)).all()  # an untrained one's: near 0


def test_grid_codes_and_folders_of_pictures(ask, tmp_path, trained):
    folder = ask("conv", "n=3", "components=4", f"output={tmp_path / 'made'}")
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == ["00000.png", "00001.png", "00002.png"]
    codes, x = ask("conv", "n=3", "components=4")
    assert codes.shape[1:] == runs.Run(trained["conv"]).model.code_shape
    picture = np.asarray(Image.open(files[2]))
    np.testing.assert_allclose(picture / 255, x[2, ..., 0], atol=0.51 / 255)


@pytest.mark.parametrize(
    ("name", "override", "said", "error"),
    [
        ("ae", "prior=model", "prior=gmm", NotApplicable),
        ("ae", "components=151", "more than the 150 training codes", BadRequest),
        ("vae", "n=0", "n must be greater", BadRequest),
        ("vae", "n=abc", "n must be a valid integer", BadRequest),
        ("vae", "prior=normal", "prior must be 'auto', 'model' or 'gmm'", BadRequest),
        ("vae", "output=two.png", "holds one image; these are 64", BadRequest),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(ask, trained, name, override, said, error):
    before = set(trained[name].rglob("*"))
    with pytest.raises(error, match=said):
        ask(name, override)
    assert set(trained[name].rglob("*")) == before
    assert not pathlib.Path("two.png").exists()


def clusters(n=2000, size=3):
    """[n, size] of two well separated Gaussians, 0.2 and 0.8 of them, far from the origin."""
    rng = np.random.default_rng(0)
    which = rng.random(n) < 0.2
    spread = np.array([[1.0, 0.9, 0], [0, 0.3, 0], [0, 0, 0.05]])[:size, :size]
    return 1e-3 * (rng.standard_normal((n, size)) @ spread + np.where(which[:, None], 20, -5))


def test_a_mixture_is_that_of_scikit_learn():
    codes = clusters().astype("float32")
    draws = Mixture(codes.reshape(-1, 1, 1, 3), 2).draw(20_000, seed=1)
    assert draws.shape == (20_000, 1, 1, 3)
    draws = 1e3 * draws.reshape(-1, 3)
    fitted = GaussianMixture(2, random_state=0).fit(1e3 * codes.astype("float64"))
    for weight, mean, covariance in zip(
        fitted.weights_, fitted.means_, fitted.covariances_, strict=True
    ):
        mine = draws[(draws[:, 0] > 7) == (mean[0] > 7)]
        assert len(mine) / len(draws) == pytest.approx(weight, abs=0.015)
        np.testing.assert_allclose(mine.mean(axis=0), mean, atol=0.05)
        np.testing.assert_allclose(np.cov(mine.T), covariance, atol=0.05)
    assert np.diff(draws[:, 0] > 7).sum() > 1000  # mixed, not one component after the other


def test_of_a_large_code_the_principal_components_are_modelled(monkeypatch):
    monkeypatch.setattr(mixture, "MAX_UNITS", 2)
    codes = clusters()
    fitted = Mixture(codes, 2)
    values = np.linalg.eigvalsh(np.cov(codes.T))[::-1]
    assert fitted.share == pytest.approx(values[:2].sum() / values.sum(), abs=1e-6)
    draws = fitted.draw(500, seed=0)
    assert np.linalg.matrix_rank(draws - draws.mean(axis=0), tol=1e-6) == 2


def test_dead_units_stay_dead():
    codes = np.concatenate([clusters(), np.zeros((2000, 2))], axis=1)
    draws = Mixture(codes, 3).draw(200, seed=0)
    assert np.abs(draws[:, 3:]).max() < 0.01 * codes.std()
