"""Each objective against something that we did not write: closed forms, PCA, Monte Carlo."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from options import options
from scipy import stats
from sklearn.decomposition import PCA

from aecli import build, divergences
from aecli.losses.gaussian import Gaussian
from aecli.models.batch import Batch
from aecli.models.vae import VAE
from aecli.networks.mlp import MLP

STEP = 3e-3  # of finite differences


def trained(model, x, epochs, optimizer, target=None, batch_size=50):
    model.compile(optimizer)
    target = x if target is None else target
    model.fit(x, target, epochs=epochs, batch_size=batch_size, verbose=0)
    return model


# ---- autoencoder = PCA ------------------------------------------------------------------------


@pytest.mark.slow
def test_linear_autoencoder_reaches_pca_and_spans_its_space(compose):
    rng = np.random.default_rng(0)
    scales = np.array([3.0, 2.0, 1.5, 0.5, 0.3, 0.2, 0.1, 0.1])
    basis = np.linalg.qr(rng.normal(size=(8, 8)))[0]
    flat = (rng.normal(size=(400, 8)) * scales) @ basis.T + 0.5
    x = flat.reshape(-1, 2, 4, 1).astype("float32")
    config = compose(
        "loss=mse", "model.latent_dim=3", "network.widths=[]", "network.activation=linear"
    )
    schedule = keras.optimizers.schedules.CosineDecay(3e-2, 2400)
    model = trained(build.model(config, (2, 4, 1)), x, 300, keras.optimizers.Adam(schedule))
    pca = PCA(3).fit(flat)
    best = np.square(flat - pca.inverse_transform(pca.transform(flat))).sum(1).mean()
    ours = np.square(flat - model.reconstruct(x).reshape(-1, 8)).sum(1).mean()
    assert best * (1 - 1e-5) <= ours <= best * 1.01
    assert ours == pytest.approx(model.score(x)["loss"].mean(), rel=1e-5)
    decoder = model.decoder.get_weights()[0]  # [3, 8]
    cosines = np.linalg.svd(np.linalg.qr(decoder.T)[0].T @ pca.components_.T)[1]
    assert cosines.min() > 0.999


# ---- denoising --------------------------------------------------------------------------------


def test_linear_denoiser_is_wiener_shrinkage(compose):
    """x ~ N(0, S), y = x + N(0, s^2): the best linear map is S (S + s^2)^-1."""
    from aecli.training.feed import Preparation

    rng = np.random.default_rng(0)
    variances, stddev = np.array([4.0, 1.0, 0.25, 0.0625]), 0.5
    x = (rng.normal(size=(4000, 4)) * np.sqrt(variances)).astype("float32").reshape(-1, 2, 2, 1)
    noise = build.component(
        {"_target_": "aecli.noise.gaussian.Gaussian", "stddev": stddev, "clip": False}, "noise"
    )
    preparation = Preparation(noise=noise)
    pairs = [preparation.fresh(tf.constant(x), step) for step in range(5)]
    noisy, clean = (np.concatenate([p[i].numpy() for p in pairs]) for i in (0, 1))
    config = compose(
        "loss=mse", "model.latent_dim=4", "network.widths=[]", "network.activation=linear"
    )
    schedule = keras.optimizers.schedules.CosineDecay(2e-2, 1200)
    optimizer = keras.optimizers.Adam(schedule)
    model = trained(build.model(config, (2, 2, 1)), noisy, 30, optimizer, clean, batch_size=500)
    gains = np.diag(
        (model.reconstruct(np.eye(4, dtype="float32").reshape(4, 2, 2, 1))
         - model.reconstruct(np.zeros((1, 2, 2, 1), "float32"))).reshape(4, 4)
    )  # fmt: skip
    np.testing.assert_allclose(gains, variances / (variances + stddev**2), atol=0.02)


def test_denoising_learns_from_clean_targets_only_when_the_noise_differs(compose, images):
    """The target is the clean image and the input is not; noise of 0 is the plain autoencoder."""
    from aecli.training.feed import Preparation

    strong, none = (
        Preparation(
            noise=build.component(compose("noise=gaussian", f"noise.stddev={s}").noise, "noise")
        )
        for s in (0.5, 0)
    )
    x, target = strong.frozen(images)
    np.testing.assert_array_equal(target, images)
    assert np.abs(x - images).mean() > 0.1
    x, target = none.frozen(images)
    np.testing.assert_array_equal(x, images)


# ---- divergences ------------------------------------------------------------------------------


def test_gaussian_kl_closed_form_is_monte_carlo():
    rng = np.random.default_rng(0)
    mean, log_var = rng.normal(size=(2, 3, 4)).astype("float32")
    closed = np.asarray(divergences.gaussian_kl(mean, log_var))
    stddev = np.exp(0.5 * log_var)
    z = mean + stddev * rng.normal(size=(200_000, 3, 4))
    ratio = (stats.norm.logpdf(z, mean, stddev) - stats.norm.logpdf(z)).sum(-1)
    error = ratio.std(0) / np.sqrt(len(z))
    assert (np.abs(ratio.mean(0) - closed) < 3 * error).all()
    assert (3 * error < 0.02 * closed).all()  # the tolerance is smaller than the effect
    assert np.asarray(divergences.gaussian_kl(np.zeros((1, 4)), np.zeros((1, 4)))).item() == 0


def test_gaussian_log_prob_is_scipys():
    rng = np.random.default_rng(0)
    x, mean, log_var = rng.normal(size=(3, 5, 2, 3))
    ours = divergences.gaussian_log_prob(x, mean, log_var)
    theirs = stats.norm.logpdf(x, mean, np.exp(0.5 * log_var)).sum((1, 2))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_bernoulli_kl():
    rates = np.array([0.05, 0.3, 0.9])
    assert np.asarray(divergences.bernoulli_kl(0.05, rates))[0] == pytest.approx(0, abs=1e-7)
    theirs = [stats.entropy([0.05, 0.95], [rate, 1 - rate]) for rate in rates]
    np.testing.assert_allclose(divergences.bernoulli_kl(0.05, rates), theirs, atol=1e-6)
    assert np.isfinite(divergences.bernoulli_kl(0.05, np.array([0.0, 1.0]))).all()


# ---- VAE --------------------------------------------------------------------------------------


def linear_gaussian(rng, mean_error=0.0, log_var_error=0.0, kind=VAE, **settings):
    """A VAE whose decoder is x = W z + b + 0.7 e and whose encoder is its true posterior."""
    W, b, sigma = rng.normal(size=(2, 6)), rng.normal(size=6), 0.7
    network = MLP(widths=[], activation="linear")
    loss = Gaussian(stddev=sigma)
    settings |= {"network": network, "reconstruction_loss": loss, "latent_dim": 2}
    model = kind(data_shape=(2, 3, 1), **settings)
    W = np.linalg.qr(W.T)[0].T * np.array([[1.5], [0.8]])  # orthogonal rows: diagonal posterior
    precision = np.eye(2) + W @ W.T / sigma**2
    gain = np.linalg.solve(precision, W) / sigma**2
    model.decoder.set_weights([W, b])
    weights = {"mean": (gain.T, -gain @ b + mean_error)}
    weights["log_var"] = (np.zeros((6, 2)), -np.log(np.diag(precision)) + log_var_error)
    for name, (kernel, bias) in weights.items():
        model.encoder.get_layer(name).set_weights([kernel, bias])
    covariance = W.T @ W + sigma**2 * np.eye(6)
    evidence = stats.multivariate_normal(b, covariance)
    x = evidence.rvs(4000, random_state=rng).astype("float32")
    return model, x.reshape(-1, 2, 3, 1), evidence.logpdf(x)


def test_elbo_is_the_evidence_at_the_true_posterior():
    """For the true posterior log p(x, z) - log q(z|x) is log p(x); the KL is taken in closed form,
    so the equality holds in the mean over draws."""
    model, x, evidence = linear_gaussian(np.random.default_rng(0))
    difference = -model.score(x)["loss"] - evidence
    assert abs(difference.mean()) < 3 * difference.std() / np.sqrt(len(x))
    assert 3 * difference.std() / np.sqrt(len(x)) < 0.1


@pytest.mark.parametrize(
    "error", [{"mean_error": 0.5}, {"log_var_error": 0.7}, {"log_var_error": -0.7}]
)
def test_elbo_is_below_the_evidence_by_the_kl_to_the_true_posterior(error):
    model, x, evidence = linear_gaussian(np.random.default_rng(0), **error)
    true, _, _ = linear_gaussian(np.random.default_rng(0))
    q, p = model.infer(Batch(x, x)), true.infer(Batch(x, x))
    variance = ops.exp(q["log_var"] - p["log_var"])
    squares = ops.square(q["mean"] - p["mean"]) / ops.exp(p["log_var"])
    gap = 0.5 * np.sum(variance + squares - 1 - ops.log(variance), axis=-1)
    difference = -model.score(x)["loss"] - (evidence - gap)
    assert gap.mean() > 0.1
    assert abs(difference.mean()) < 3 * difference.std() / np.sqrt(len(x))


@pytest.mark.parametrize(
    "words",
    [
        ["model=vae"],
        ["model=vae", "model/posterior=planar", "model.beta=3"],
        ["model=vae", "model/posterior=iaf", "model.posterior.widths=[6]", "model/prior=mixture"],
        ["model=vae", "model/prior=vamp", "model.prior.components=3"],
        ["model=iwae", "model.k=3", "model.beta=0.5"],
        ["model=cvae", "model.latent_dim=3"],
        ["model=factor_vae", "model.latent_dim=3", "model.gamma=5", "model.critic_widths=[6]"],
        ["model=ladder_vae", "model.latent_dim=3", "model.upper_dims=[2,2]"],
        ["model=s_vae", "model.latent_dim=3"],
        ["model=poincare_vae", "model.latent_dim=3"],
        ["model=hvae", "model.latent_dim=3"],
        ["model=sparse_kl", "model.latent_dim=5", "model.weight=5"],
    ],
    ids=" ".join,
)
def test_the_gradient_is_that_of_finite_differences(compose, images, words):
    """No path is cut: of all that the first player trains, as in a training."""
    config = compose("network.widths=[6]", "network.activation=tanh", *words)
    model, rng = build.model(config, (8, 8, 1), 3), np.random.default_rng(0)
    model.set_weights([w + 0.2 * rng.normal(size=w.shape) for w in model.get_weights()])
    x = images[:16]
    label = None if model.label_count is None else np.arange(16) % 3
    batch = Batch(x, x, model.frozen_draws(16), label=label)

    def loss():
        return tf.reduce_mean(model.objective(batch, model.forward(batch, True), training=True)[0])

    loss_of = tf.function(loss, autograph=False)
    variables = model.variables_of("model")
    with tf.GradientTape() as tape:
        value = loss()
    gradients = tape.gradient(value, [variable.value for variable in variables])
    for variable, gradient in zip(variables, gradients, strict=True):
        direction = rng.normal(size=variable.shape).astype("float32")
        start = variable.numpy()
        ends = []
        for step in (STEP, -STEP):
            variable.assign(start + step * direction)
            ends.append(float(loss_of()))
        variable.assign(start)
        slope = 0.0 if gradient is None else float(np.sum(gradient * direction))
        expected = (ends[0] - ends[1]) / (2 * STEP)
        assert slope == pytest.approx(expected, rel=0.02, abs=0.02), variable.path


def weights_after_training(compose, images, *overrides):
    model = build.model(compose("network.widths=[16]", *overrides), (8, 8, 1))
    trained(model, images[:100], 3, keras.optimizers.Adam(1e-3))
    return [v.numpy() for v in model.trainable_variables]


@pytest.mark.parametrize(
    ("special", "plain"),
    [
        (
            ["model=beta_vae", "model.beta=1", "model.latent_dim=4"],
            ["model=vae", "model.latent_dim=4"],
        ),
        (["model=sparse", "model.weight=0"], ["model.latent_dim=32", "model.code_activation=relu"]),
        (
            ["model=sparse_kl", "model.weight=0"],
            ["model.latent_dim=32", "model.code_activation=sigmoid"],
        ),
        (["model=vae", "model.beta=0", "model.epsilon_std=0", "model.latent_dim=4"], None),
    ],
    ids=["beta=1 is the VAE", "L1 of weight 0", "KL of weight 0", "beta=0 without draws"],
)
def test_limits_are_equal_bit_for_bit(compose, images, special, plain):
    first = weights_after_training(compose, images, *special)
    if plain is None:  # the log_var head then never moves
        model = build.model(compose("network.widths=[16]", *special), (8, 8, 1))
        index = [v.path for v in model.trainable_variables].index("log_var/kernel")
        np.testing.assert_array_equal(first[index], model.trainable_variables[index].numpy())
        return
    second = weights_after_training(compose, images, *plain)
    assert len(first) == len(second)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_beta_weighs_the_kl_and_warm_up_leaves_validation_alone(compose, images):
    model = build.model(compose("model=vae", "model.beta=4", "model.warmup_epochs=10"), (8, 8, 1))
    x = images[:32]
    batch = Batch(x, x, model.frozen_draws(32))
    out = model.forward(batch)
    for epochs, weight in ((0, 0.0), (5, 2.0), (10, 4.0), (50, 4.0), (None, 4.0)):
        batch = batch._replace(progress=epochs)
        loss, terms, _ = model.objective(batch, out, training=epochs is not None)
        np.testing.assert_allclose(loss, terms["reconstruction"] + weight * terms["kl"], rtol=1e-6)


@pytest.mark.slow
def test_sparsity_does_what_it_says(compose, images):
    def codes(*overrides):
        config = compose("network.widths=[]", "model.latent_dim=32", *overrides)
        model = build.model(config, (8, 8, 1))
        return trained(model, images, 60, keras.optimizers.Adam(1e-2)).encode(images)

    plain = codes("model.code_activation=relu")
    assert np.abs(codes("model=sparse", "model.weight=0.5")).mean() < 0.5 * np.abs(plain).mean()
    rates = codes("model=sparse_kl", "model.weight=10").mean(axis=0)
    assert rates.mean() == pytest.approx(0.05, abs=0.02)
    assert codes("model.code_activation=sigmoid").mean() > 0.2


def test_sparse_terms_are_the_formulas(compose, images):
    x = images[:20]
    model = build.model(compose("model=sparse"), (8, 8, 1))
    np.testing.assert_allclose(
        model.score(x)["sparsity"], np.abs(model.encode(x)).sum(1), rtol=1e-5
    )
    model = build.model(compose("model=sparse_kl", "model.rate=0.1"), (8, 8, 1))
    out = model(x)
    term = model.penalties(Batch(x, x), out, training=True)["sparsity"][1]
    rates = model.encode(x).mean(0)
    expected = sum(stats.entropy([0.1, 0.9], [rate, 1 - rate]) for rate in rates)
    np.testing.assert_allclose(term, expected, rtol=1e-5)
    running = 0.99 * 0.1 + 0.01 * rates  # which is in its place in evaluation
    np.testing.assert_allclose(model.running_rate, running, rtol=1e-5)
    model.running_rate.assign(rates[::-1])
    np.testing.assert_allclose(model.score(x[:3])["sparsity"], expected, rtol=1e-5)
    assert np.ptp(rates) > 0.01


@pytest.mark.parametrize("name", options("model"))
def test_the_parts_sum_to_the_loss(compose, images, name):
    filters = ["network.filters=[8,4]"] if name == "conv" else []
    config = compose(f"model={name}", *filters)
    model = build.model(config, (8, 8, 1), 3)
    label = None if model.label_count is None else np.arange(9) % 3
    scores, weights = model.score(images[:9], label=label), model.weights_of_penalties()
    own = scores["reconstruction"] if model.codes_reconstruct else 0.0
    total = own + sum(weights[k] * scores[k] for k in weights)
    np.testing.assert_allclose(scores["loss"], total, rtol=1e-6)


def test_prior_samples_are_standard_normal(compose):
    model = build.model(compose("model=vae", "model.latent_dim=3"), (8, 8, 1))
    z = np.asarray(model.sample_prior(20_000, seed=0))
    assert z.shape == (20_000, 3)
    assert stats.kstest(z.ravel(), "norm").pvalue > 1e-3
    np.testing.assert_array_equal(model.sample(5, seed=3), model.sample(5, seed=3))
    assert not np.array_equal(model.sample(5, seed=3), model.sample(5, seed=4))
