"""Codes on a sphere and in a ball: what goes together, and what codes from elsewhere become."""

import numpy as np
import pytest

from aecli import build
from aecli.errors import BadRequest

SPHERE = ["model/posterior=von_mises_fisher", "model/prior=sphere"]
BALL = ["model/posterior=wrapped_normal", "model/prior=ball"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (SPHERE[:1], r"VonMisesFisher has its codes on a sphere, the prior Standard a.*\n.*s_vae"),
        (SPHERE[1:], "Gaussian has its codes anywhere, the prior Sphere on a sphere"),
        ([SPHERE[0], BALL[1]], "on a sphere, the prior Ball in a Poincare ball of curvature -1"),
        ([*BALL, "model.prior.curvature=2"], "curvature -1, the prior Ball .* of curvature -2"),
        ([*BALL, "model.posterior.curvature=0"], r"model\.posterior\.curvature must be"),
        ([*SPHERE, "model.latent_dim=1"], r"latent_dim must be at least 2 for codes on a sphere"),
        ([*SPHERE, "model.epsilon_std=0"], r"model\.epsilon_std must be above 0"),
        ([*SPHERE, "model.free_bits=1"], "take model/posterior=gaussian"),
        ([*BALL, "network=conv", "network.filters=[4]", "model.flat=false"], r"model\.flat=true"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(compose, words, said):
    with pytest.raises(BadRequest, match=said) as error:
        build.model(compose("model=vae", *words), (8, 8, 1))
    assert len(str(error.value).splitlines()) <= 2


def test_a_curvature_is_stated_once(compose):
    model = build.model(compose("model=poincare_vae", "model.posterior.curvature=0.3"), (8, 8, 1))
    assert model.prior.curvature == 0.3


@pytest.mark.parametrize("name", ["s_vae", "poincare_vae"])
def test_codes_from_elsewhere_are_brought_there(compose, images, name):
    """As those between two codes, or of a density that was fitted to them."""
    model = build.model(compose(f"model={name}", "model.latent_dim=3"), (8, 8, 1))
    codes, new = model.encode(images[:5], seed=0), np.asarray(model.sample_prior(50, 1))
    for z in (codes, new):
        np.testing.assert_allclose(model.nearest(z), z, atol=1e-6)
    beyond = 50 * codes
    drawn_in = model.decode(model.nearest(beyond))
    np.testing.assert_allclose(model.decode(beyond), drawn_in, atol=1e-4)
    assert np.linalg.norm(model.nearest(beyond), axis=1).max() < 1 + 1e-6
    same = np.allclose(model.decode(codes / 2), model.decode(codes), atol=1e-5)
    assert same == (name == "s_vae")  # in a ball they are codes of their own


def test_a_labels_numbers_go_with_codes_in_a_ball(compose, images):
    model = build.model(compose("model=cvae", *BALL), (8, 8, 1), 3)
    label = np.arange(5) % 3
    assert np.isfinite(model.score(images[:5], label=label)["loss"]).all()
