"""LadderVAE: one level is the VAE; with the true posterior every draw gives the evidence."""

import keras
import numpy as np
import pytest
from same_runs import differing
from scipy import stats
from test_iwae import loss_and_gradients

from aecli import build, divergences
from aecli.errors import BadRequest, NotApplicable
from aecli.losses.gaussian import Gaussian
from aecli.metrics.bounds import importance_bound, log_densities
from aecli.models.batch import Batch
from aecli.models.draws import normal_draws
from aecli.models.ladder_vae import LadderVAE
from aecli.networks.mlp import MLP

LITTLE = ["model=ladder_vae", "model.latent_dim=4", "model.upper_dims=[3]"]
LITTLE += ["model.level_widths=[6]", "network.widths=[8]", "network.activation=tanh"]


def little(compose, *overrides):
    model = build.model(compose(*LITTLE, *overrides), (8, 8, 1))
    rng = np.random.default_rng(0)
    model.set_weights([w + 0.3 * rng.normal(size=w.shape) for w in model.get_weights()])
    return model


def test_without_upper_levels_it_is_the_vae_bit_for_bit(compose, images):
    shared = ["model.latent_dim=4", "network.widths=[8]"]
    ladder = build.model(compose("model=ladder_vae", "model.upper_dims=[]", *shared), (8, 8, 1))
    vae = build.model(compose("model=vae", *shared), (8, 8, 1))
    x = images[:20]
    batch = Batch(x, x, vae.frozen_draws(20))
    (loss, gradients), (theirs, its) = (loss_and_gradients(m, batch) for m in (ladder, vae))
    np.testing.assert_array_equal(loss, theirs)
    assert len(gradients) == len(its)
    for gradient, same in zip(gradients, its, strict=True):
        np.testing.assert_array_equal(gradient, same)
    assert ladder.term_names() == ["reconstruction", "kl_1"]
    np.testing.assert_array_equal(ladder.kl_of_units(x), vae.kl_of_units(x))
    np.testing.assert_array_equal(log_densities(ladder, x, x, 3), log_densities(vae, x, x, 3))


def test_the_merge_is_the_product_of_two_gaussians():
    rng = np.random.default_rng(0)
    mean, log_var, other_mean, other_log_var = rng.normal(size=(4, 5)).astype("float32")
    merged, merged_log_var = map(
        np.asarray, divergences.merged_gaussians(mean, log_var, other_mean, other_log_var)
    )
    z = rng.normal(size=(50, 5))
    density, one, other = (
        stats.norm.logpdf(z, m, np.exp(0.5 * v))
        for m, v in ((merged, merged_log_var), (mean, log_var), (other_mean, other_log_var))
    )
    assert np.ptp(density - one - other, axis=0).max() < 1e-4  # but for a constant
    assert np.all(merged_log_var < np.minimum(log_var, other_log_var))


def test_the_kl_between_gaussians_is_monte_carlo():
    rng = np.random.default_rng(0)
    parts = rng.normal(size=(4, 5)).astype("float32")
    closed = np.asarray(divergences.gaussian_kl_between_units(*parts))
    mean, stddev, prior_mean, prior_stddev = *parts[:2], *parts[2:]
    stddev, prior_stddev = np.exp(0.5 * stddev), np.exp(0.5 * prior_stddev)
    z = mean + stddev * rng.normal(size=(400_000, 5))
    ratio = stats.norm.logpdf(z, mean, stddev) - stats.norm.logpdf(z, prior_mean, prior_stddev)
    error = 3 * ratio.std(axis=0) / np.sqrt(len(z))
    assert (np.abs(ratio.mean(axis=0) - closed) < error).all()
    assert (error < 0.02 * closed).all()
    same = np.asarray(divergences.gaussian_kl_between_units(*parts[:2], *parts[:2]))
    np.testing.assert_array_equal(same, 0)


def set_head(model, name, kernel, bias):
    """Of the encoder: level 1, bottom-up."""
    model.encoder.get_layer(name).set_weights([kernel, bias])


def test_a_flat_bottom_up_gaussian_leaves_the_prior_and_a_sharp_one_does_not(compose, images):
    model, x = little(compose), images[:10]
    for log_var, is_flat in ((60.0, True), (-20.0, False)):
        set_head(model, "log_var", np.zeros((8, 4)), np.full(4, log_var))
        z, terms = model.encode(x), model.score(x)
        source = model.down[0](z[:, 4:]) if is_flat else model.encoder(x)
        np.testing.assert_allclose(z[:, :4], source["mean"], atol=1e-5)
        assert np.all(terms["kl_1"] < 1e-6) if is_flat else np.all(terms["kl_1"] > 10)
        assert terms["kl_2"].min() > 0.1


def test_the_terms_are_the_densities_in_the_mean_over_draws(compose, images):
    """log q - log p of draws has the mean kl_1 + kl_2, of which each level's draw is made."""
    model, x = little(compose), images[:20]
    drawn = log_densities(model, x, x, 400)[1].mean(axis=1)
    closed = []
    for epsilon in np.random.default_rng(1).normal(size=(100, 20, 7)).astype("float32"):
        batch = Batch(x, x, {"z": epsilon})
        terms = model.penalties(batch, model.infer(batch))
        closed.append(np.mean([term for _, term in terms.values()], axis=1).sum())
    error = 4 * np.hypot(drawn.std() / 20, np.std(closed) / 10)
    assert abs(drawn.mean() - np.mean(closed)) < error < 0.05 * np.mean(closed)
    assert model.weights_of_penalties() == {"kl_1": 1.0, "kl_2": 1.0}
    rising = little(compose, "model.beta=3", "model.warmup_epochs=4")
    penalties = rising.penalties(Batch(x, x, progress=1.0), rising.infer(Batch(x, x)))
    assert [float(weight) for weight, _ in penalties.values()] == [0.75, 0.75]


def linear_ladder(rng, mean_error=0.0):
    """A LadderVAE of x = z_1 W + b + 0.7 e, z_1 = z_2 A + c + 0.5 e, with the true posterior.

    W has orthogonal rows and A is diagonal, so that the posterior of each level is, too.
    """
    sigma, s = 0.7, 0.5
    W = np.linalg.qr(rng.normal(size=(6, 2)))[0].T * np.array([[1.5], [0.8]])
    A, b, c = np.diag([1.2, -0.7]), rng.normal(size=6), rng.normal(size=2)
    settings = {"network": MLP(widths=[], activation="linear"), "latent_dim": 2}
    model = LadderVAE(
        data_shape=(2, 3, 1), reconstruction_loss=Gaussian(stddev=sigma), upper_dims=[2],
        level_widths=[2], **settings,
    )  # fmt: skip
    model.decoder.set_weights([W, b])
    squares = np.square(W).sum(axis=1)
    message = W.T / squares  # x -> the likelihood's mean of z_1, and its variance
    variance = sigma**2 / squares
    set_head(model, "mean", message, -b @ message + mean_error)
    set_head(model, "log_var", np.zeros((6, 2)), np.log(variance))
    set_head(model, "up", message, -b @ message)
    precision = 1 + np.diag(A) ** 2 / (variance + s**2)  # of z_2 given x
    gain = np.diag(A) / (variance + s**2) / precision
    (up,), (down,) = model.up, model.down
    up.get_layer("mean").set_weights([np.diag(gain), -c * gain])
    up.get_layer("log_var").set_weights([np.zeros((2, 2)), -np.log(precision)])
    (hidden,) = [
        layer for layer in down.layers if layer.weights and layer.name not in ("mean", "log_var")
    ]
    hidden.set_weights([np.eye(2), np.zeros(2)])
    down.get_layer("mean").set_weights([A, c])
    down.get_layer("log_var").set_weights([np.zeros((2, 2)), np.full(2, 2 * np.log(s))])
    inner = A @ A.T + s**2 * np.eye(2)
    evidence = stats.multivariate_normal(c @ W + b, W.T @ inner @ W + sigma**2 * np.eye(6))
    x = evidence.rvs(2000, random_state=rng).astype("float32")
    codes = stats.multivariate_normal(np.r_[c, 0, 0], np.block([[inner, A], [A, np.eye(2)]]))
    return model, x.reshape(-1, 2, 3, 1), evidence.logpdf(x), codes


def test_with_the_true_posterior_every_draw_gives_the_evidence():
    model, x, evidence, _ = linear_ladder(np.random.default_rng(0))
    likelihood, kl = log_densities(model, x[:300], x[:300], 5)
    np.testing.assert_allclose(likelihood - kl, np.tile(evidence[:300], (5, 1)), atol=5e-4)
    difference = -model.score(x)["loss"] - evidence  # the KL in closed form: in the mean
    assert abs(difference.mean()) < 3 * difference.std() / np.sqrt(len(x)) < 0.2


def test_with_a_wrong_one_the_bound_rises_to_the_evidence():
    model, x, evidence, _ = linear_ladder(np.random.default_rng(0), mean_error=0.7)
    likelihood, kl = log_densities(model, x, x, 50)
    gaps = [importance_bound((likelihood - kl)[:k]) - evidence for k in (1, 5, 50)]
    means = [gap.mean() for gap in gaps]
    errors = [3 * gap.std() / np.sqrt(len(gap)) for gap in gaps]
    assert means[0] + errors[0] < means[1] - errors[1]
    assert means[1] + errors[1] < means[2]
    assert abs(means[2]) < max(errors[2], 0.1 * abs(means[0]))


def test_the_prior_is_drawn_from_the_top_down():
    model, _, _, codes = linear_ladder(np.random.default_rng(0))
    z = np.asarray(model.sample_prior(40_000, seed=0))
    np.testing.assert_allclose(z.mean(axis=0), codes.mean, atol=0.03)
    np.testing.assert_allclose(np.cov(z.T), codes.cov, atol=0.05)
    np.testing.assert_allclose(model.log_prior(z[:200]), codes.logpdf(z[:200]), atol=1e-4)
    np.testing.assert_array_equal(model.sample_prior(3, seed=4), model.sample_prior(3, seed=4))
    assert not np.array_equal(model.sample_prior(3, seed=4), model.sample_prior(3, seed=5))


def test_three_levels_are_each_made_of_the_next(compose, images):
    """Up from level 1 to 3, down from 3 to 1, and q at each with the density that it says."""
    model, x = little(compose, "model.upper_dims=[3,2]", "model.epsilon_std=0.5"), images[:6]
    batch = Batch(x, x, model.frozen_draws(6))
    out = model.infer(batch)
    first = model.encoder(x)
    second = model.up[0](first["up"])
    third = model.up[1](second["up"])
    for found, expected in zip(out["bottom_up"], (first, second, third), strict=True):
        np.testing.assert_allclose(found["mean"], expected["mean"], atol=1e-6)
    log_q, above, e = 0.0, None, batch.draws["z"]
    for i, level in reversed([*enumerate(model.levels.values())]):
        q = [np.asarray(out["bottom_up"][i][name], "float64") for name in ("mean", "log_var")]
        if above is not None:
            prior = model.down[i](above)
            mean, log_var = (np.asarray(prior[name], "float64") for name in ("mean", "log_var"))
            precisions = np.exp(-q[1]), np.exp(-log_var)
            q[0] = (q[0] * precisions[0] + mean * precisions[1]) / sum(precisions)
            q[1] = -np.log(sum(precisions))
        stddev = 0.5 * np.exp(0.5 * q[1])
        above = (q[0] + stddev * e[:, level]).astype("float32")
        np.testing.assert_allclose(out["z"][:, level], above, atol=1e-4)
        log_q = log_q + stats.norm.logpdf(above, q[0], stddev).sum(axis=1)
    np.testing.assert_allclose(out["log_q"], log_q, atol=1e-3)

    e, log_p = normal_draws(6, (9,), seed=3), 0.0
    above = e[:, 7:]
    drawn = [above]
    for i, level in ((1, slice(4, 7)), (0, slice(0, 4))):
        prior = model.down[i](above)
        above = prior["mean"] + np.exp(0.5 * prior["log_var"]) * e[:, level]
        drawn.insert(0, above)
        stddev = np.exp(0.5 * prior["log_var"])
        log_p = log_p + stats.norm.logpdf(above, prior["mean"], stddev).sum(axis=1)
    log_p = log_p + stats.norm.logpdf(e[:, 7:]).sum(axis=1)
    z = np.asarray(model.sample_prior(6, seed=3))
    np.testing.assert_allclose(z, np.concatenate(drawn, axis=1), atol=1e-5)
    np.testing.assert_allclose(model.log_prior(z), log_p, rtol=1e-4)


def test_a_code_is_flat_outside_and_the_decoder_is_given_the_lowest_level(compose, images):
    model, x = little(compose, "model.upper_dims=[3,2]"), images[:6]
    assert model.levels == {"z_1": slice(0, 4), "z_2": slice(4, 7), "z_3": slice(7, 9)}
    assert model.code_shape == (9,)
    z = model.encode(x)
    assert z.shape == (6, 9)
    np.testing.assert_allclose(model.decode(z), model.reconstruct(x), atol=1e-6)
    other = z + np.r_[np.zeros(4), np.ones(5)].astype("float32")
    np.testing.assert_array_equal(model.decode(other), model.decode(z))
    assert model.decoded_units() == range(4)
    assert not np.allclose(model.decode(z + 1), model.decode(z), atol=1e-3)
    assert model.term_names() == ["reconstruction", "kl_1", "kl_2", "kl_3"]
    units, scores = model.kl_of_units(x), model.score(x)
    for i, level in enumerate(model.levels.values()):
        np.testing.assert_allclose(units[:, level].sum(axis=1), scores[f"kl_{i + 1}"], rtol=1e-5)
    assert model.sample(5).shape == (5, 8, 8, 1)
    assert not model.has_quantiles
    with pytest.raises(NotApplicable, match="not alike"):
        model.prior_quantiles(np.array([0.5]))


@pytest.mark.slow
def test_a_run_resumes_bit_for_bit_and_its_parts_are_those_of_the_model(lab, monkeypatch):
    from aecli import runs
    from aecli.io.parts import part
    from aecli.training.resident import ResidentFeed

    monkeypatch.setattr(ResidentFeed, "_steps_a_chunk", lambda self: self._time(0) and 1)
    overrides = [*LITTLE, "trainer.epochs=3", "trainer.batch_size=40", "model.warmup_epochs=2"]
    whole = lab.train(*overrides)
    stopped = lab.interrupted(*overrides, after=6)
    lab.resume(stopped)
    assert differing(whole, stopped) == []
    run = runs.Run(whole)
    rows = run.splits.test.x[:9]
    codes, images = (
        np.asarray(part(run.model, name, run.learnt)(rows)) for name in ("encoder", "autoencoder")
    )
    np.testing.assert_allclose(codes, run.model.raw.encode(rows), atol=1e-5)
    np.testing.assert_allclose(images, run.model.raw.reconstruct(rows), atol=1e-3)
    decoded = part(run.model, "decoder", run.learnt)(codes)
    np.testing.assert_allclose(decoded, images, atol=1e-3)
    assert isinstance(keras.models.load_model(whole / "checkpoints" / "best.keras"), LadderVAE)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("model.flat=false", "model.flat must be"),
        ("model.level_widths=[]", "model.level_widths must be a list of at least 1"),
        ("model.upper_dims=[0]", "model.upper_dims must be greater than 0"),
        ("+model.posterior={_target_: aecli.latents.priors.standard.Standard}", "model.posterior"),
    ],
)
def test_what_it_cannot_take_is_refused(compose, override, words):
    with pytest.raises(BadRequest, match=words.replace("[", r"\[")) as refusal:
        build.model(compose("model=ladder_vae", override), (8, 8, 1))
    assert len(str(refusal.value).splitlines()) <= 2
