"""The ELBO and the importance-weighted bound against evidence known in closed form."""

import numpy as np
import pytest
from options import contents, losses
from test_metrics import Stub

from aecli import build, runs
from aecli.errors import NotApplicable
from aecli.metrics.base import Evaluation
from aecli.metrics.bounds import Bounds, importance_bound, log_densities
from aecli.metrics.posterior import Posterior, active_units
from aecli.models import on_arrays
from aecli.proofs.oracle import linear_gaussian


def log_weights(model, x, k):
    likelihood, kl = log_densities(model, x, x, k)
    return likelihood - kl


def test_the_true_posterior_gives_the_evidence_at_every_draw():
    model, x, evidence, _ = linear_gaussian()
    weights = log_weights(model, x[:500], 20)
    np.testing.assert_allclose(weights, np.tile(evidence[:500], (20, 1)), atol=2e-4)
    for k in (1, 5, 20):
        np.testing.assert_allclose(importance_bound(weights[:k]), evidence[:500], atol=2e-4)


def test_the_density_of_the_draws_is_that_of_epsilon_std():
    """A posterior twice as wide as the true one, of which draws of half the width are taken."""
    model, x, evidence, _ = linear_gaussian(log_var_error=2 * np.log(2))
    assert np.abs(log_weights(model, x[:100], 1)[0] - evidence[:100]).mean() > 0.3
    model.epsilon_std = 0.5
    np.testing.assert_allclose(log_weights(model, x[:100], 1)[0], evidence[:100], atol=2e-4)


@pytest.mark.parametrize("error", [{"mean_error": 0.5}, {"log_var_error": 0.7}])
def test_a_wrong_posterior_gives_bounds_that_rise_to_the_evidence(error):
    model, x, evidence, _ = linear_gaussian(**error)
    weights = log_weights(model, x, 50)
    gaps = [importance_bound(weights[:k]) - evidence for k in (1, 5, 50)]
    means = [gap.mean() for gap in gaps]
    errors = [3 * gap.std() / np.sqrt(len(gap)) for gap in gaps]
    assert means[0] + errors[0] < means[1]
    assert means[1] + errors[1] < means[2]
    assert means[2] < errors[2]
    assert abs(means[2]) < 0.1 * abs(means[0])
    assert weights.mean(axis=0).mean() < importance_bound(weights).mean()


def test_the_bound_is_a_mean_of_weights_whatever_their_size():
    weights = np.random.default_rng(0).normal(size=(7, 4))
    expected = np.log(np.mean(np.exp(weights), axis=0))
    np.testing.assert_allclose(importance_bound(weights), expected)
    np.testing.assert_allclose(importance_bound(weights - 5000), expected - 5000)


@pytest.fixture(scope="module")
def short_run(compose, tmp_path_factory):
    from lab import Lab

    lab = Lab(compose, tmp_path_factory.mktemp("outputs"))
    return runs.Run(lab.train("model=vae", "trainer.epochs=10", "model.latent_dim=3"))


def test_on_a_run_the_bound_rises_with_k_and_starts_at_the_elbo(short_run):
    evaluation = Evaluation(short_run)
    one, five, fifty = (Bounds(k=k)(evaluation) for k in (1, 5, 50))
    assert one["iw_elbo"] < five["iw_elbo"] < fifty["iw_elbo"]
    assert one["iw_elbo"] == one["elbo"]
    scores = evaluation.scores  # of the same draws; beta is 1, the KL in closed form
    assert one["elbo_reconstruction"] == pytest.approx(-scores["reconstruction"].mean(), rel=1e-6)
    difference = 3 * fifty["elbo_kl_se"]
    assert fifty["elbo_kl"] == pytest.approx(scores["kl"].mean(), abs=difference)
    assert difference < 0.3 * scores["kl"].mean()
    for values in (one, five, fifty):
        parts = values["elbo_reconstruction"] - values["elbo_kl"]
        assert values["elbo"] == pytest.approx(parts, rel=1e-9)


def test_the_standard_error_is_over_the_images(short_run):
    evaluation = Evaluation(short_run)
    likelihood, kl = log_densities(short_run.model, evaluation.x, evaluation.target, 5)
    of_images = importance_bound(likelihood - kl)
    values = Bounds(k=5)(evaluation)
    assert values["iw_elbo"] == pytest.approx(of_images.mean())
    assert values["iw_elbo_se"] == pytest.approx(np.sqrt(np.cov(of_images) / len(of_images)))


def test_draws_depend_on_neither_k_nor_the_blocks(compose, images, monkeypatch):
    model = build.model(compose("model=vae"), (8, 8, 1))
    whole = log_weights(model, images[:7], 3)
    np.testing.assert_allclose(log_weights(model, images[:4], 2), whole[:2, :4], rtol=1e-6)
    monkeypatch.setattr(on_arrays, "ROWS", 3)
    np.testing.assert_allclose(log_weights(model, images[:7], 3), whole, rtol=1e-6)
    assert len(np.unique(whole.round(3))) > 15


def test_a_coin_a_pixel_is_one_bit_a_dimension(compose):
    """All weights 0: the posterior is the prior, and every pixel has probability 1/2."""
    model = build.model(compose("model=vae"), (8, 8, 1))
    model.set_weights([0 * weight for weight in model.get_weights()])
    x = (np.random.default_rng(0).random((10, 8, 8, 1)) < 0.3).astype("float32")
    values = Bounds(k=3)(Stub(model, x))
    assert values["bits_per_dimension"] == pytest.approx(1.0, rel=1e-6)
    assert values["elbo_kl"] == pytest.approx(0.0, abs=1e-6)


def test_grey_images_have_no_bernoulli_likelihood_and_the_card_says_so(compose, images):
    grey, binary = images[:9], np.round(images[:9])
    for loss, x, said in [
        ("binary_crossentropy", grey, "no likelihoods"),
        ("binary_crossentropy", binary, None),
        ("gaussian", grey, "of a density"),
        ("discretized_logistic", grey, None),
    ]:
        model = build.model(compose("model=vae", f"loss={loss}"), (8, 8, 1))
        notes = Bounds(k=2).notes(Stub(model, x))
        assert "9 images, 2 draws" in notes[0]
        assert notes[1:] == [] if said is None else said in notes[1]


@pytest.mark.parametrize("name", losses())
def test_a_loss_says_whether_it_is_normalised_over_0_and_1_alone(name):
    loss = build.component(contents("loss", name), "loss")
    if not loss.is_likelihood:
        return
    x = np.array([0, 1], "float32").reshape(2, 1, 1, 1)
    params = np.full((2, 1, 1, loss.params_per_channel), 0.4, "float32")
    total = np.exp(loss.log_prob(x, params)).sum()
    assert loss.is_of_binary_data == (abs(total - 1) < 1e-6)


def test_active_units_are_those_whose_mean_varies(compose, images):
    means = np.random.default_rng(0).normal(0, [1.0, 0.11, 0.09, 0.0], size=(5000, 4))
    variances = np.diag(np.cov(means.T))
    assert active_units(means) == (variances > 0.01).sum() == 2
    assert active_units(means, 0.005) == 3

    model = build.model(compose("model=vae", "model.latent_dim=5"), (8, 8, 1))
    head = model.encoder.get_layer("mean")
    kernel, bias = head.get_weights()
    kernel[:, 1:3] = 0
    head.set_weights([kernel, bias + 7])
    values = Posterior()(Stub(model, images))
    assert (values["active_units"], values["code_units"]) == (3, 5)
    units = model.kl_of_units(images)
    assert units.sum(axis=1) == pytest.approx(model.score(images)["kl"], rel=1e-5)
    assert values["kl_largest"] == pytest.approx(units.mean(axis=0).max(), rel=1e-5)
    assert values["kl_smallest"] == pytest.approx(units.mean(axis=0).min(), rel=1e-5)


@pytest.mark.parametrize("name", ["cvae", "factor_vae", "ladder_vae", "miwae", "vae"])
def test_the_units_of_a_code_are_known_of_every_model_and_told_any_labels(compose, images, name):
    """A model that asks for no labels leaves those of the data."""
    model = build.model(compose(f"model={name}", "network.widths=[8]"), (8, 8, 1), 3)
    stub = Stub(model, images[:6])
    stub.labels = np.arange(6) % 3
    units = model.kl_of_units(images[:6], label=stub.labels)
    assert Posterior()(stub)["kl_largest"] == pytest.approx(units.mean(axis=0).max(), rel=1e-5)


@pytest.mark.parametrize("metric", [Bounds(), Posterior()])
def test_a_model_without_a_prior_has_none_of_this(compose, images, metric):
    with pytest.raises(NotApplicable, match="model=vae"):
        metric(Stub(build.model(compose(), (8, 8, 1)), images))


def test_draws_without_noise_have_no_density(compose, images):
    model = build.model(compose("model=vae", "model.epsilon_std=0"), (8, 8, 1))
    with pytest.raises(NotApplicable, match="epsilon_std above 0"):
        Bounds()(Stub(model, images))


def test_a_loss_that_is_no_likelihood_bounds_nothing(compose, images):
    model = build.model(compose("model=vae", "loss=focal_frequency"), (8, 8, 1))
    with pytest.raises(
        NotApplicable, match="needs a likelihood, which loss=focal_frequency is not"
    ):
        Bounds(k=2)(Stub(model, images[:5]))
