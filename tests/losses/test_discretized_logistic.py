"""Discretized logistics against SciPy's distribution function, at the edges and at extremes."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from options import contents
from scipy import stats

from aecli import build

NAMES = ["discretized_logistic", "discretized_logistic_mixture"]
EXTREMES = [-1e4, -30.0, -1.0, 0.0, 0.3, 1.0, 30.0, 1e4]


def loss_of(name="discretized_logistic", **changes):
    return build.component(contents("loss", name) | changes, "loss")


def all_levels(levels=256):
    return (np.arange(levels) / (levels - 1)).astype("float32").reshape(-1, 1, 1, 1)


def repeated(params, count=256):
    return np.tile(np.asarray(params, "float32").reshape(1, 1, 1, -1), (count, 1, 1, 1))


def of_scipy(location, scale, levels=256):
    """log p of every level, of a logistic in the data's units [0, 1]: differences of its cdf."""
    k = np.arange(levels)
    lower = np.where(k == 0, -np.inf, (k - 0.5) / (levels - 1))
    upper = np.where(k == levels - 1, np.inf, (k + 0.5) / (levels - 1))
    law = stats.logistic(location, scale)
    below = np.where(lower < location, law.cdf(upper) - law.cdf(lower), 0.0)
    beyond = np.where(lower < location, 0.0, law.sf(lower) - law.sf(upper))  # exact in its tail
    return np.log(below + beyond)


@pytest.mark.parametrize("levels", [2, 17, 256])
@pytest.mark.parametrize("scale", [0.02, 0.1, 1.0, 5.0])
@pytest.mark.parametrize("location", [-0.2, 0.0, 0.31, 1.0, 1.5])
def test_each_level_has_the_difference_of_the_distribution_function(location, scale, levels):
    params = repeated([2 * location - 1, np.log(2 * scale)], levels)  # in units of [-1, 1]
    found = loss_of(levels=levels).log_prob(all_levels(levels), params)
    floor = 1 / (8.6 * (levels - 1))
    expected = of_scipy(location, scale + floor, levels)
    np.testing.assert_allclose(found, expected, atol=2e-4, rtol=2e-4)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("log_scale", EXTREMES)
@pytest.mark.parametrize("location", EXTREMES)
def test_probabilities_sum_to_one_and_stay_finite(name, location, log_scale):
    loss = loss_of(name)
    part = loss.params_per_channel // (3 if "mixture" in name else 2)
    params = [location] * part + [log_scale] * part
    params += list(np.linspace(-50, 50, loss.params_per_channel - len(params)))
    params = tf.constant(repeated(params))
    with tf.GradientTape() as tape:
        tape.watch(params)
        log_prob = loss.log_prob(all_levels(), params)
    log_prob, gradient = np.asarray(log_prob, "float64"), tape.gradient(log_prob, params)
    assert np.isfinite(log_prob).all()
    assert np.isfinite(gradient).all()
    assert np.exp(log_prob).sum() == pytest.approx(1.0, abs=3e-4)
    mean = np.asarray(loss.mean(params[:1])).item()
    assert mean == pytest.approx(np.exp(log_prob) @ np.arange(256) / 255, abs=0.5 / 255 + 3e-4)
    assert np.isfinite(loss.sample(params, seed=0)).all()


def test_a_mixture_of_one_is_the_logistic_itself():
    rng = np.random.default_rng(0)
    x = rng.random((4, 3, 2, 3), dtype="float32")
    params = rng.normal(size=(4, 3, 2, 6)).astype("float32")
    one = loss_of("discretized_logistic_mixture", components=1)
    weighted = np.concatenate([params, rng.normal(size=x.shape).astype("float32")], -1)
    for of in ("log_prob", "mean"):
        arguments = (x,) if of == "log_prob" else ()
        mine, theirs = getattr(one, of), getattr(loss_of(), of)
        np.testing.assert_allclose(
            mine(*arguments, weighted), theirs(*arguments, params), rtol=1e-5, atol=1e-6
        )


def test_a_mixture_weighs_its_components_channel_by_channel():
    """Two channels, three components: the layout is the locations, log-scales, logits of each."""
    rng = np.random.default_rng(1)
    locations, scales = rng.uniform(0, 1, (2, 3)), rng.uniform(0.05, 0.3, (2, 3))
    logits = rng.normal(size=(2, 3))
    weights = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    floor = 1 / (8.6 * 255)
    log_scales = np.log(2 * (scales - floor))
    params = np.concatenate([a.ravel() for a in (2 * locations - 1, log_scales, logits)])
    loss = loss_of("discretized_logistic_mixture", components=3)
    densities = [
        np.exp([of_scipy(*pair) for pair in zip(locations[c], scales[c], strict=True)]).T
        @ weights[c]
        for c in range(2)
    ]
    ks = rng.integers(0, 256, (50, 2))
    x = (ks / 255).astype("float32").reshape(50, 1, 1, 2)
    expected = sum(np.log(densities[c][ks[:, c]]) for c in range(2))
    np.testing.assert_allclose(loss.log_prob(x, repeated(params, 50)), expected, rtol=1e-3)
    means = np.ravel(loss.mean(repeated(params, 1)))
    np.testing.assert_allclose(means, [d @ np.arange(256) / 255 for d in densities], atol=1e-3)


def test_what_lies_between_two_levels_counts_as_the_nearer():
    params = repeated([0.1, -2.0], 3)
    x = np.array([100.4, 100.0, 99.6], "float32").reshape(-1, 1, 1, 1) / 255
    found = np.asarray(loss_of().log_prob(x, params))
    np.testing.assert_array_equal(found, found[1])


@pytest.mark.parametrize("name", NAMES)
def test_draws_are_levels_as_often_as_they_are_probable(name):
    loss = loss_of(name, levels=9)
    rng = np.random.default_rng(2)
    params = rng.normal(size=loss.params_per_channel) - 0.5
    draws = np.ravel(loss.sample(repeated(params, 20_000), seed=3)) * 8
    assert np.array_equal(draws, np.round(draws))
    seen = np.bincount(draws.astype(int), minlength=9)
    expected = 20_000 * np.exp(np.asarray(loss.log_prob(all_levels(9), repeated(params, 9))))
    chi_square = ((seen - expected) ** 2 / expected).sum()
    assert chi_square < stats.chi2(8).ppf(0.999)


def test_training_finds_the_law_of_the_data():
    """Maximum likelihood of one pixel: its mean, and a scale by which its levels are as likely."""
    rng = np.random.default_rng(0)
    levels = np.clip(np.round(stats.logistic(90, 6).rvs(2000, random_state=rng)), 0, 255)
    x = (levels / 255).astype("float32").reshape(-1, 1, 1, 1)
    params = tf.Variable(np.zeros((1, 1, 1, 2), "float32"))
    adam, loss = keras.optimizers.Adam(0.05), loss_of()
    for _ in range(300):
        with tf.GradientTape() as tape:
            value = tf.reduce_mean(loss(x, tf.repeat(params, 2000, axis=0)))
        adam.apply([tape.gradient(value, params)], [params])
    location, log_scale = np.ravel(params)
    assert 255 * (0.5 + 0.5 * location) == pytest.approx(90, abs=0.7)
    assert 255 * 0.5 * np.exp(log_scale) + 1 / 8.6 == pytest.approx(6, rel=0.05)
