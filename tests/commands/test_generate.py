"""aecli generate: images decoded from codes of the prior, or of a density fitted to codes."""

import pathlib

import fresh_run
import numpy as np
import pytest
from PIL import Image

from aecli import runs
from aecli.commands.generate import generate
from aecli.errors import BadRequest, NotApplicable

MANY = "sampler=gmm sampler.components=151"
REFUSED = "sampler.components of at most the 150 training codes; got 151"


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
    assert np.abs(codes.mean(axis=0)).max() < 0.1  # 4 standard errors
    np.testing.assert_allclose(codes.std(axis=0), 1.0, atol=0.07)
    np.testing.assert_allclose(runs.Run(trained["vae"]).model.decode(codes), x, atol=1e-6)
    assert not np.array_equal(ask("vae", "n=2000", "seed=1")[0], codes)


def test_a_plain_autoencoder_takes_a_mixture(ask, trained):
    codes, x = ask("ae", "n=3000", "sampler=gmm", "sampler.components=2")
    run = runs.Run(trained["ae"])
    of_training = run.model.encode(run.examples("train")[0])
    error = of_training.std(axis=0) / np.sqrt(3000)
    assert (np.abs(codes.mean(axis=0) - of_training.mean(axis=0)) < 5 * error).all()
    np.testing.assert_allclose(np.cov(codes.T), np.cov(of_training.T), rtol=0.15, atol=0.05)
    np.testing.assert_allclose(run.model.decode(codes), x, atol=1e-6)
    unasked = ask("ae", "n=30")[0]
    np.testing.assert_array_equal(unasked, ask("ae", "n=30", "sampler=gmm")[0])
    assert not np.array_equal(unasked, codes[:30])


def test_the_mixture_of_a_vae_is_of_draws_from_its_posteriors(ask, trained):
    codes, _ = ask("vae", "n=4000", "sampler=gmm", "sampler.components=1")
    run = runs.Run(trained["vae"])
    x = run.examples("train")[0]
    draws, means = run.model.encode(x, seed=0), run.model.encode(x)
    np.testing.assert_allclose(codes.var(axis=0), draws.var(axis=0), rtol=0.12)
    assert (codes.var(axis=0) > 2 * means.var(axis=0)).all()  # an untrained one's: near 0


def test_grid_codes_and_folders_of_pictures(ask, tmp_path, trained):
    mixture = ["n=3", "sampler=gmm", "sampler.components=4"]
    folder = ask("conv", *mixture, f"output={tmp_path / 'made'}")
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == ["00000.png", "00001.png", "00002.png"]
    codes, x = ask("conv", *mixture)
    assert codes.shape[1:] == runs.Run(trained["conv"]).model.code_shape
    picture = np.asarray(Image.open(files[2]))
    np.testing.assert_allclose(picture / 255, x[2, ..., 0], atol=0.51 / 255)


@pytest.mark.parametrize(
    ("name", "override", "said", "error"),
    [
        ("ae", MANY, REFUSED, NotApplicable),
        ("vae", "n=0", "n must be greater", BadRequest),
        ("vae", "n=abc", "n must be a valid integer", BadRequest),
        ("vae", "output=two.png", "holds one image; these are 64", BadRequest),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(ask, trained, name, override, said, error):
    before = set(trained[name].rglob("*"))
    with pytest.raises(error, match=said):
        ask(name, *override.split())
    assert set(trained[name].rglob("*")) == before
    assert not pathlib.Path("two.png").exists()


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["prior=gmm", "components=20"], "type sampler=gmm sampler.components=20"),
        (["components=20"], "type sampler=gmm sampler.components=20"),
        (["n=3", "prior=gmm"], "type sampler=gmm"),
        (["prior=model"], "leave it out: the model's own prior"),
    ],
)
def test_the_keys_of_before_are_answered_by_those_of_now(typed, words, hint):
    code, said = typed("generate", *words)
    assert (code, len(said.splitlines())) == (2, 2)
    assert hint in said
