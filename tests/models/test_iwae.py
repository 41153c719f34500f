"""IWAE and MIWAE: the bound is what it is called, so is its gradient, and it rises with k."""

import json

import numpy as np
import pytest
import tensorflow as tf
from same_runs import differing
from scipy.special import logsumexp
from test_proofs import linear_gaussian

from aecli import build, runs
from aecli.errors import BadRequest
from aecli.models.batch import Batch
from aecli.models.iwae import IWAE, MIWAE
from aecli.models.vae import VAE

LITTLE = ["network.widths=[8]", "network.activation=tanh", "model.latent_dim=3"]


def frozen_batch(model, x, progress=None) -> Batch:
    return Batch(x, x, model.frozen_draws(len(x)), progress)


def loss_and_gradients(model, batch):
    with tf.GradientTape() as tape:
        loss = model.objective(batch, model.forward(batch))[0]
        mean = tf.reduce_mean(loss)
    gradients = tape.gradient(mean, [v.value for v in model.trainable_variables])
    return loss.numpy(), [g.numpy() for g in gradients]


def of_each_draw(model, batch):
    """-log p(x|z) and log q(z|x) - log p(z) of each draw alone: [m, k, B] float64."""
    heads, epsilon = model.infer(Batch(batch.x, batch.x)), batch.draws["z"]
    misfit, kl = np.empty((2, *epsilon.shape[1:3], len(epsilon)))
    for i, j in np.ndindex(*epsilon.shape[1:3]):
        z, log_q = model.draw(heads, epsilon[:, i, j])
        misfit[i, j] = model.reconstruction_loss(batch.target, model.params(z))
        kl[i, j] = log_q - model.log_prior(z)
    return misfit, kl


@pytest.mark.parametrize(
    ("overrides", "progress", "weight"),
    [
        (["model=miwae", "model.m=2", "model.k=3"], None, 1.0),
        (["model=miwae", "model.m=3", "model.k=2", "model.beta=0.5"], None, 0.5),
        (["model=iwae", "model.k=4", "model.warmup_epochs=10"], 4.0, 0.4),
        (["model=iwae", "model.k=4", "model.epsilon_std=0.5"], None, 1.0),
    ],
)
def test_the_loss_is_the_mean_of_m_bounds_of_k_draws(compose, images, overrides, progress, weight):
    model = build.model(compose(*LITTLE, *overrides), (8, 8, 1))
    batch = frozen_batch(model, images[:9], progress)
    misfit, kl = of_each_draw(model, batch)
    bounds = logsumexp(-misfit - weight * kl, axis=1) - np.log(model.k)  # [m, B]
    loss, terms, _ = model.objective(batch, model.forward(batch))
    np.testing.assert_allclose(loss, -bounds.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(terms["reconstruction"], misfit.mean(axis=(0, 1)), rtol=1e-5)
    np.testing.assert_allclose(terms["kl"], kl.mean(axis=(0, 1)), rtol=1e-4, atol=1e-4)
    assert np.ptp(misfit, axis=(0, 1)).min() > 0.01  # the draws differ
    assert np.all(terms["tightening"] < 0)
    penalties = model.penalties(batch, model.forward(batch))
    parts = terms["reconstruction"] + sum(weight * term for weight, term in penalties.values())
    np.testing.assert_allclose(parts, loss, rtol=1e-6)


def test_a_miwae_of_one_bound_is_the_iwae_bit_for_bit(compose, images):
    options = (["model=iwae", "model.k=3"], ["model=miwae", "model.m=1", "model.k=3"])
    iwae, miwae = (build.model(compose(*LITTLE, *option), (8, 8, 1)) for option in options)
    batch = frozen_batch(iwae, images[:20])
    (loss, gradients), (same, theirs) = (loss_and_gradients(m, batch) for m in (iwae, miwae))
    np.testing.assert_array_equal(same, loss)
    for gradient, its in zip(gradients, theirs, strict=True):
        np.testing.assert_array_equal(its, gradient)


@pytest.mark.parametrize("m", [1, 4])
def test_a_miwae_of_one_draw_is_the_vae(compose, images, monkeypatch, m):
    """Its loss and gradient are the means over m draws of the VAE's, its KL taken of the draw."""
    monkeypatch.setattr(VAE, "kl_of_heads", lambda self, out: None)  # as of a prior without one
    vae = build.model(compose("model=vae", *LITTLE), (8, 8, 1))
    model = build.model(compose("model=miwae", f"model.m={m}", "model.k=1", *LITTLE), (8, 8, 1))
    for value, same in zip(model.get_weights(), vae.get_weights(), strict=True):
        np.testing.assert_array_equal(value, same)
    batch = frozen_batch(model, images[:20])
    loss, gradients = loss_and_gradients(model, batch)
    single = [
        loss_and_gradients(vae, batch._replace(draws={"z": batch.draws["z"][:, i, 0]}))
        for i in range(m)
    ]
    np.testing.assert_allclose(loss, np.mean([one for one, _ in single], axis=0), rtol=1e-5)
    for gradient, *ones in zip(gradients, *(its for _, its in single), strict=True):
        np.testing.assert_allclose(gradient, np.mean(ones, axis=0), rtol=1e-3, atol=1e-4)
    assert np.abs(model.score(images[:20])["tightening"]).max() < 1e-4


def test_in_the_mean_over_draws_it_is_the_vae_with_its_exact_kl():
    vae, x, _ = linear_gaussian(np.random.default_rng(0), log_var_error=0.7)
    model, _, _ = linear_gaussian(np.random.default_rng(0), 0.0, 0.7, MIWAE, m=50, k=1)
    exact, drawn = vae.score(x), model.score(x)
    for name in ("loss", "kl"):
        difference = drawn[name] - exact[name]
        error = 3 * difference.std() / np.sqrt(len(x))
        assert abs(difference.mean()) < error < 0.15


def plain_loss(weights, x, epsilon, sigma):
    """-mean over x [B, D] of the mean over m of log 1/k sum_j p(x|z) p(z) / q(z|x), in float64."""
    (mean_w, mean_b), (var_w, var_b), (w, b) = weights
    mean, log_var = x @ mean_w + mean_b, x @ var_w + var_b
    z = mean[:, None, None] + tf.exp(0.5 * log_var[:, None, None]) * epsilon

    def log_normal(v, mean, variance):
        squares = tf.square(v - mean) / variance + tf.math.log(2 * np.pi * variance)
        return -0.5 * tf.reduce_sum(squares, axis=-1)

    joint = log_normal(x[:, None, None], z @ w + b, tf.constant(sigma**2, x.dtype))
    joint += log_normal(z, tf.zeros_like(z), tf.ones_like(z))
    q = log_normal(z, mean[:, None, None], tf.exp(log_var[:, None, None]))
    bounds = tf.math.log(tf.reduce_mean(tf.exp(joint - q), axis=2))
    return -tf.reduce_mean(bounds)


def test_the_gradient_is_that_of_the_plain_formula_in_float64_and_of_its_differences():
    model, x, _ = linear_gaussian(np.random.default_rng(0), 0.4, 0.5, MIWAE, m=2, k=5)
    batch = frozen_batch(model, x[:30])
    loss, gradients = loss_and_gradients(model, batch)
    kernels = {v.path: (v, g) for v, g in zip(model.trainable_variables, gradients, strict=True)}
    order = [
        f"{name}/{part}" for name in ("mean", "log_var", "params") for part in ("kernel", "bias")
    ]
    values = [tf.constant(kernels[path][0].numpy().astype("float64")) for path in order]
    flat, epsilon = (a.astype("float64") for a in (x[:30].reshape(30, -1), batch.draws["z"]))

    def plain(values):
        return plain_loss(zip(values[::2], values[1::2], strict=True), flat, epsilon, 0.7)

    with tf.GradientTape() as tape:
        tape.watch(values)
        value = plain(values)
    assert loss.mean() == pytest.approx(float(value), rel=1e-6)
    theirs = tape.gradient(value, values)
    rng = np.random.default_rng(1)
    for i, (path, gradient) in enumerate(zip(order, theirs, strict=True)):
        np.testing.assert_allclose(kernels[path][1], gradient, rtol=1e-4, atol=1e-5)
        way = rng.normal(size=gradient.shape)
        ends = [plain([*values[:i], values[i] + s * way, *values[i + 1 :]]) for s in (1e-5, -1e-5)]
        slope = np.sum(kernels[path][1] * way)
        assert slope == pytest.approx(float(ends[0] - ends[1]) / 2e-5, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("error", [{"mean_error": 0.5}, {"log_var_error": 0.7}])
def test_with_a_wrong_posterior_the_bound_rises_with_k_to_the_evidence(error):
    gaps = []
    for k in (1, 5, 50):
        model, x, evidence = linear_gaussian(np.random.default_rng(0), **error, kind=IWAE, k=k)
        gaps.append(-model.score(x)["loss"] - evidence)
    means = [gap.mean() for gap in gaps]
    errors = [3 * gap.std() / np.sqrt(len(gap)) for gap in gaps]
    assert means[0] + errors[0] < means[1] - errors[1]
    assert means[1] + errors[1] < means[2]
    assert means[2] < errors[2]
    assert abs(means[2]) < 0.1 * abs(means[0])


def test_with_the_true_posterior_it_is_the_evidence_for_every_draw_and_k():
    for settings in (
        {"kind": IWAE, "k": 1},
        {"kind": IWAE, "k": 7},
        {"kind": MIWAE, "m": 3, "k": 2},
    ):
        model, x, evidence = linear_gaussian(np.random.default_rng(0), **settings)
        score = model.score(x[:300])
        np.testing.assert_allclose(-score["loss"], evidence[:300], atol=3e-4)
        np.testing.assert_allclose(score["tightening"], 0, atol=3e-4)


def test_a_code_is_the_mode_and_with_a_seed_the_first_draw(compose, images):
    model = build.model(compose("model=miwae", "model.m=2", "model.k=3", *LITTLE), (8, 8, 1))
    x = images[:5]
    vae = build.model(compose("model=vae", *LITTLE), (8, 8, 1))
    np.testing.assert_array_equal(model.encode(x), vae.encode(x))
    batch = frozen_batch(model, x)
    out = model.forward(batch)
    first, _ = model.draw(model.infer(Batch(x, x)), batch.draws["z"][:, 0, 0])
    np.testing.assert_allclose(out["z"], first, rtol=1e-6)
    np.testing.assert_allclose(model.encode(x, seed=0), first, rtol=1e-5)
    np.testing.assert_allclose(out["params"], model.params(first), atol=1e-6)
    assert out["zs"].shape == (30, 3)


@pytest.mark.slow
def test_validation_is_the_bound_of_frozen_draws_and_a_stopped_training_goes_on(lab, monkeypatch):
    from aecli.training.resident import ResidentFeed

    monkeypatch.setattr(ResidentFeed, "_steps_a_chunk", lambda self: self._time(0) and 1)
    overrides = ["model=miwae", "model.m=2", "model.k=3", "trainer.epochs=3"]
    overrides += ["trainer.batch_size=40", "metrics=[bounds]", "metrics.bounds.k=3"]
    whole = lab.train(*overrides)
    part = lab.interrupted(*overrides, after=6)
    lab.resume(part)
    assert differing(whole, part) == []
    run = runs.Run(whole)
    x, history = run.examples("val")[0], run.history
    best = int(np.argmin(history["val_loss"]))
    assert run.status["best_epoch"] == best + 1
    score = run.model.score(x)
    for name in ("loss", "tightening"):
        assert score[name].mean() == pytest.approx(history[f"val_{name}"][best], rel=1e-4)
    metrics = json.loads((whole / "metrics.json").read_text())
    assert metrics["iw_elbo"] == pytest.approx(-metrics["loss"], rel=0.02)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["model=iwae", "model.k=0"], "model.k must be greater"),
        (["model=iwae", "model.epsilon_std=0"], "model.epsilon_std must be greater than 0"),
        (["model=miwae", "model.m=1000000", "model.k=1000"], "1,000,000,000 draws an image"),
    ],
)
def test_what_it_cannot_take_is_refused(compose, overrides, words):
    with pytest.raises(BadRequest, match=words) as refusal:
        build.model(compose(*overrides), (8, 8, 1))
    assert len(str(refusal.value).splitlines()) <= 2
