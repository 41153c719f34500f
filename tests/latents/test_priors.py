"""Priors that are learnt: densities against SciPy, closed forms, sums over a grid and samples."""

import numpy as np
import pytest
import tensorflow as tf

from aecli import build
from aecli.errors import BadRequest
from aecli.models.batch import Batch
from aecli.proofs.generic import Case


def kl_by_hand(mean, log_var, to_mean, to_log_var):
    """KL( N(mean, exp(log_var)) || N(to_mean, exp(to_log_var)) ) [B]."""
    ratio = np.exp(log_var - to_log_var)
    squares = np.square(mean - to_mean) / np.exp(to_log_var)
    return 0.5 * (ratio + squares - 1 - (log_var - to_log_var)).sum(-1)


def drawn_kl(model, x, n=4000):
    """The mean of n draws of the term kl for each image, and its standard error."""
    rows = np.repeat(x, n, axis=0)
    batch = Batch(rows, rows, model.frozen_draws(len(rows)))
    kl = np.asarray(model.kl(model.infer(batch)), "float64").reshape(len(x), n)
    return kl.mean(1), kl.std(1) / np.sqrt(n)


@pytest.fixture
def one(compose, images):
    """A VAE of one learnt input, which is the second of some images."""
    words = ["model=vae", "model/prior=vamp", "model.prior.components=1", "network.widths=[8]"]
    model, x = build.model(compose(*words), (8, 8, 1)), images[:3]
    model.prior_layer.pseudo_inputs.assign(x[1:2])
    return model, x


def test_one_component_is_the_kl_between_two_gaussians(one):
    model, x = one
    heads = {name: np.asarray(head) for name, head in model.infer(Batch(x, x)).items()}
    at = {name: head[1:2] for name, head in heads.items()}
    exact = kl_by_hand(heads["mean"], heads["log_var"], at["mean"], at["log_var"])
    found, error = drawn_kl(model, x)
    assert exact[1] == pytest.approx(0, abs=1e-6)
    assert (found[1], error[1]) == pytest.approx((0, 0), abs=1e-6)  # whatever is drawn
    assert (np.abs(found - exact) < 4 * error + 1e-6).all()
    assert exact[[0, 2]].min() > 10 * error.max()


def test_one_component_that_matches_is_the_vae(compose, one):
    """An input for which the encoder says N(0, I): the standard prior, and its loss."""
    model, x = one
    model.prior_layer.pseudo_inputs.assign(np.zeros((1, 8, 8, 1)))  # its biases are 0
    vae = build.model(compose("model=vae", "network.widths=[8]"), (8, 8, 1))
    z = np.random.default_rng(0).normal(size=(9, 2)).astype("float32")
    np.testing.assert_allclose(model.log_prior(z), vae.log_prior(z), rtol=1e-5)
    np.testing.assert_array_equal(model.score(x)["reconstruction"], vae.score(x)["reconstruction"])
    found, error = drawn_kl(model, x)
    assert (np.abs(found - vae.score(x)["kl"]) < 4 * error).all()
    assert (found > 10 * error).all()
    assert model.kl_of_units(x) is None
    assert vae.kl_of_units(x).shape == (3, 2)


@pytest.mark.parametrize("prior", ["vamp", "mixture"])
def test_components_differ_from_the_start_and_by_the_seed(compose, prior):
    def variables(seed):
        words = ["model=vae", f"model/prior={prior}", f"seed={seed}"]
        model = build.model(compose(*words), (8, 8, 1))
        return model.prior_layer.trainable_variables[0].numpy()

    first, second, other = (variables(seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)
    flat = first.reshape(len(first), -1)
    apart = np.linalg.norm(flat[:, None] - flat[None], axis=-1) + 9 * np.eye(len(flat))
    assert apart.min() > 0.05
    if prior == "vamp":
        assert first.min() >= 0
        assert first.max() <= 1


@pytest.mark.parametrize(
    "words",
    [["model/posterior=iaf", "model/prior=mixture"], ["model/prior=vamp"]],
    ids=" ".join,
)  # fmt: skip
def test_xla_computes_the_same(compose, images, words):
    """And half the precision leaves priors and flows in float32."""
    words = ["model=vae", "network.widths=[8]", *words]
    model = build.model(compose(*words), (8, 8, 1))
    batch = Case(model, images[:16]).batch(progress=0.5)

    def gradients():
        with tf.GradientTape() as tape:
            out = model.forward(batch, training=True)
            loss = tf.reduce_mean(model.objective(batch, out, training=True)[0])
        return loss, tape.gradient(loss, [v.value for v in model.trainable_variables])

    plain, compiled = (
        tf.function(gradients, jit_compile=jit, autograph=False)() for jit in (False, True)
    )
    np.testing.assert_allclose(compiled[0], plain[0], rtol=1e-5)
    for one, other in zip(plain[1], compiled[1], strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-3, atol=1e-4)
    half = build.model(compose(*words, "trainer.precision=mixed_bfloat16"), (8, 8, 1))
    latent = [*half.prior_layer.variables, *half.posterior_layer.variables]
    assert all(v.dtype == "float32" for v in latent)
    out = half.forward(batch, training=True)
    assert out["log_q"].dtype == half.log_prior(out["z"]).dtype == "float32"
    assert np.isfinite(half.objective(batch, out, training=True)[0]).all()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["model/prior=vamp", "model/posterior=iaf"], r"take model/posterior=gaussian"),
        (["model/prior=vamp", "model/posterior=planar"], r"take model/posterior=gaussian"),
        (["model/prior=vamp", "model.epsilon_std=0"], r"model\.epsilon_std must be above 0"),
        (["model/posterior=iaf", "model.epsilon_std=0"], r"model\.epsilon_std must be above 0"),
        (["model/prior=vamp", "model.prior.components=0"], r"model\.prior\.components must be"),
        (["model/prior=vamp", "model.prior.high=0"], r"model\.prior\.high"),
        (["model/posterior=iaf", "model.posterior.widths=[0]"], r"model\.posterior\.widths"),
        (["model.prior=null"], r"model\.prior must be"),
        (["model/prior=mixture", "model.prior.components=60000", "model.latent_dim=100000"],
         "too large"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(compose, words, said):
    with pytest.raises(BadRequest, match=said) as error:
        build.model(compose("model=vae", *words), (8, 8, 1))
    assert len(str(error.value).splitlines()) <= 2
