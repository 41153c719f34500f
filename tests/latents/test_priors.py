"""Priors that are learnt: densities against SciPy, closed forms, sums over a grid and samples."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from scipy import stats
from scipy.special import logsumexp
from test_contract_model import whole_batch

from aecli import build
from aecli.divergences import gaussian_mixture_log_prob
from aecli.errors import BadRequest
from aecli.latents.priors.mixture import Mixture
from aecli.latents.priors.standard import Standard
from aecli.latents.priors.vamp import Vamp
from aecli.models.batch import Batch

SHAPE = (2, 2, 1)
REFERENCE = np.array([[0.0, 0, 0, 0], [1, 0, 1, 0], [0, 1, 1, 1]], "float32")


def mixture(d=2, k=3, seed=0):
    """A layer with random weights."""
    layer, rng = Mixture(components=k).layer((d,), SHAPE), np.random.default_rng(seed)
    layer.mean.assign(2.0 * rng.normal(size=(k, d)))
    layer.log_var.assign(0.5 * rng.normal(size=(k, d)) - 1)
    layer.logits.assign(rng.normal(size=k))
    return layer


def vamp(d=2, k=3, inputs=None):
    """A layer, and an encoder of two linear heads, 0 where the image is 0."""
    layer, rng = Vamp(components=k).layer((d,), SHAPE), np.random.default_rng(4)
    layer.pseudo_inputs.assign(REFERENCE[:k].reshape(k, *SHAPE) if inputs is None else inputs)
    of_mean, of_log_var = (s * rng.normal(size=(4, d)).astype("float32") for s in (2.0, 0.5))

    def posterior_at(u):
        flat = ops.reshape(u, (-1, 4))
        return {"mean": flat @ of_mean, "log_var": flat @ of_log_var}

    return layer, posterior_at


def of_scipy(z, mean, log_var, weights):
    """log of the mixture of multivariate normals."""
    parts = [
        np.log(w) + stats.multivariate_normal(m, np.diag(np.exp(v))).logpdf(z)
        for m, v, w in zip(mean, log_var, weights, strict=True)
    ]
    return logsumexp(parts, axis=0)


def weights_of(layer):
    return np.exp(layer.logits.numpy()) / np.exp(layer.logits.numpy()).sum()


def test_the_mixtures_density_is_scipys():
    z = np.random.default_rng(1).normal(size=(40, 3)).astype("float32") * 3
    layer = mixture(3, 5)
    expected = of_scipy(z, layer.mean.numpy(), layer.log_var.numpy(), weights_of(layer))
    np.testing.assert_allclose(layer.log_prob(z, None), expected, rtol=1e-4, atol=1e-4)
    grid = z[:32].reshape(4, 2, 4, 3)  # of a grid code: the same over all of its numbers
    mean, log_var = (np.random.default_rng(2).normal(size=(2, 5, 2, 4, 3))).astype("float32")
    even = np.full(5, -np.log(5), "float32")
    ours = gaussian_mixture_log_prob(grid, mean, log_var, even)
    flat = [a.reshape(len(a), -1) for a in (grid, mean, log_var)]
    np.testing.assert_allclose(ours, of_scipy(*flat, np.full(5, 0.2)), rtol=1e-4)


def test_the_vamp_priors_density_is_the_mean_of_the_posteriors():
    layer, posterior_at = vamp()
    z = np.random.default_rng(1).normal(size=(40, 2)).astype("float32") * 3
    heads = {name: np.asarray(head) for name, head in posterior_at(REFERENCE).items()}
    expected = of_scipy(z, heads["mean"], heads["log_var"], np.full(3, 1 / 3))
    np.testing.assert_allclose(layer.log_prob(z, posterior_at), expected, rtol=1e-4, atol=1e-4)
    beyond, _ = vamp(inputs=(3 * REFERENCE - 1).reshape(3, *SHAPE))  # -1 and 2 count as 0 and 1
    np.testing.assert_allclose(beyond.log_prob(z, posterior_at), expected, rtol=1e-4, atol=1e-4)
    drawn, same = (np.asarray(of.sample(50, 0, posterior_at)) for of in (layer, beyond))
    np.testing.assert_array_equal(same, drawn)


@pytest.mark.parametrize("kind", ["mixture", "vamp"])
def test_a_density_integrates_to_1_and_the_samples_are_its(kind):
    layer, posterior_at = (mixture(), None) if kind == "mixture" else vamp()
    side = np.linspace(-12, 12, 481)
    z = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2).astype("float32")
    p = np.exp(np.asarray(layer.log_prob(z, posterior_at), "float64")) * (side[1] - side[0]) ** 2
    assert p.sum() == pytest.approx(1, abs=1e-3)
    drawn = np.asarray(layer.sample(20_000, 0, posterior_at))
    assert drawn.shape == (20_000, 2)
    assert drawn.dtype == np.float32
    mean = p @ z
    covariance = (z - mean).T @ (p[:, None] * (z - mean))
    error = 4 * np.sqrt(np.diag(covariance) / len(drawn))
    assert (np.abs(drawn.mean(0) - mean) < error).all()
    np.testing.assert_allclose(np.cov(drawn.T), covariance, rtol=0.05, atol=0.05)
    entropy = -(p * np.log(np.maximum(p / (side[1] - side[0]) ** 2, 1e-300))).sum()
    found = -np.asarray(layer.log_prob(drawn, posterior_at), "float64")
    assert abs(found.mean() - entropy) < 4 * found.std() / np.sqrt(len(drawn))
    again, other = (np.asarray(layer.sample(9, seed, posterior_at)) for seed in (0, 1))
    np.testing.assert_array_equal(again, layer.sample(9, 0, posterior_at))
    assert not np.array_equal(again, other)


def test_a_sample_has_components_at_random():
    """Also a small one; the first of them alone would be half of what was learnt."""
    k, d = 40, 1
    layer, posterior_at = Vamp(components=k).layer((d,), SHAPE), lambda u: {
        "mean": 1000 * u[:, 0, 0], "log_var": 0 * u[:, 0, 0] - 9
    }  # fmt: skip
    values = np.linspace(0, 1, k, dtype="float32")
    layer.pseudo_inputs.assign(np.tile(values[:, None, None, None], (1, *SHAPE)))
    chosen = np.rint(np.asarray(layer.sample(20, 0, posterior_at))[:, 0] / 1000 * (k - 1))
    assert (chosen > 20).any()
    many = np.rint(np.asarray(layer.sample(8000, 0, posterior_at))[:, 0] / 1000 * (k - 1))
    counts = np.bincount(many.astype(int), minlength=k)
    assert stats.chisquare(counts).pvalue > 1e-3


def test_the_standard_priors_quantiles_and_density_are_scipys():
    layer, p = Standard().layer((3,), SHAPE), np.array([[0.05, 0.3], [0.5, 0.99]])
    np.testing.assert_allclose(stats.norm.cdf(layer.quantiles(p)), p)
    z = np.random.default_rng(0).normal(size=(9, 3)).astype("float32")
    expected = stats.norm.logpdf(z).sum(axis=1)
    np.testing.assert_allclose(layer.log_prob(z, None), expected, rtol=1e-5)


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


def test_a_mixture_learns_the_density_of_codes():
    """Its mean log p(z) comes near that of the mixture from which they are."""
    truth, layer = mixture(k=2, seed=1), Mixture(components=4).layer((2,), SHAPE)
    z = np.asarray(truth.sample(4000, 0, None))
    optimizer = keras.optimizers.Adam(0.05)
    optimizer.build(layer.trainable_variables)

    @tf.function(autograph=False)
    def step():
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(layer.log_prob(z, None))
        variables = layer.trainable_variables
        optimizer.apply(tape.gradient(loss, [v.value for v in variables]), variables)

    def mean():
        return float(np.mean(layer.log_prob(z, None)))

    best, first = float(np.mean(truth.log_prob(z, None))), mean()
    for _ in range(200):
        step()
    assert best - first > 1
    assert abs(best - mean()) < 0.05


@pytest.mark.parametrize(
    "words",
    [
        ["model/posterior=iaf", "model/prior=mixture"],
        ["model/prior=vamp"],
        ["model/posterior=von_mises_fisher", "model/prior=sphere", "model.latent_dim=3"],
        ["model/posterior=wrapped_normal", "model/prior=ball"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_xla_computes_the_same(compose, images, words):
    """And half the precision leaves priors and flows in float32."""
    words = ["model=vae", "network.widths=[8]", *words]
    model = build.model(compose(*words), (8, 8, 1))
    batch = whole_batch(model, images[:16])

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


def test_a_file_of_keras_has_them(compose, images, tmp_path):
    """A model with none of the defaults, from its .keras file alone."""
    words = ["model/posterior=iaf", "model.posterior.widths=[5,4]", "model/prior=mixture"]
    model = build.model(compose("model=vae", *words), (8, 8, 1))
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert (again.posterior, again.prior) == (model.posterior, model.prior)
    np.testing.assert_array_equal(again.score(images[:5])["kl"], model.score(images[:5])["kl"])
