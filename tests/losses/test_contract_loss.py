"""Every loss: nats an image, a density that integrates to one, a mean that is its mean."""

import decimal
from decimal import Decimal

import keras
import numpy as np
import pytest
from options import contents, options

from aecli import build
from aecli.errors import BadRequest, NotApplicable
from aecli.losses import continuous_bernoulli

SUPPORT = {
    "binary_crossentropy": "binary",
    "continuous_bernoulli": "unit",
    "categorical": "tokens",
    "discretized_logistic": "levels",
    "discretized_logistic_mixture": "levels",
    "student_t": "wide",
}
TOKENS = 3


def loss_of(name, **changes):
    further = {"token_count": TOKENS} if SUPPORT.get(name) == "tokens" else {}
    return build.component(contents("loss", name) | changes, "loss", **further)


LIKELIHOODS = [name for name in options("loss") if loss_of(name).is_likelihood]


def params_for(loss, value=0.7):
    """Alike, but of several tokens the first."""
    params = np.full((1, 1, 1, loss.params_per_channel), value, "float32")
    params[..., 0] += 1.0 if loss.is_of_tokens else 0.0
    return params


def grid(name):
    """x [n, 1, 1, 1] over the support and the width of a cell (1 where it is discrete)."""
    if SUPPORT.get(name) == "binary":
        return np.array([0.0, 1.0], "float32").reshape(-1, 1, 1, 1), 1.0
    if SUPPORT.get(name) == "tokens":
        return np.arange(TOKENS, dtype="float32").reshape(-1, 1, 1, 1), 1.0
    if SUPPORT.get(name) == "levels":
        return (np.arange(256) / 255).astype("float32").reshape(-1, 1, 1, 1), 1.0
    low, high = {"unit": (0.0, 1.0), "wide": (-1e4, 1e4)}.get(SUPPORT.get(name), (-40.0, 40.0))
    edges = np.linspace(low, high, 400_001 if SUPPORT.get(name) == "wide" else 200_001)
    return ((edges[1:] + edges[:-1]) / 2).astype("float32").reshape(-1, 1, 1, 1), edges[1] - edges[
        0
    ]


@pytest.mark.parametrize("name", LIKELIHOODS)
@pytest.mark.parametrize("value", [-3.0, 0.0, 0.02, 0.7, 4.0])
def test_density_and_mean(name, value):
    loss = loss_of(name)
    x, cell = grid(name)
    params = np.repeat(params_for(loss, value), len(x), axis=0)
    density = np.exp(np.asarray(loss.log_prob(x, params), "float64"))
    assert density.sum() * cell == pytest.approx(1.0, abs=2e-4)
    expected = (density * x.ravel()).sum() * cell
    if loss.is_of_tokens:  # of names there is no mean
        expected = density.argmax()
    assert np.asarray(loss.mean(params[:1])).item() == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_samples_follow_the_density(name):
    loss = loss_of(name)
    params = np.repeat(params_for(loss), 40_000, axis=0)
    draws = np.asarray(loss.sample(params, seed=1)).ravel()
    x, cell = grid(name)
    density = np.exp(np.asarray(loss.log_prob(x, np.repeat(params[:1], len(x), 0)), "float64"))
    mean = np.asarray(loss.mean(params[:1])).item()
    mean = (density * x.ravel()).sum() if loss.is_of_tokens else mean
    assert abs(draws.mean() - mean) < 4 * draws.std() / 200
    variance = (density * (x.ravel() - mean) ** 2).sum() * cell
    assert draws.var() == pytest.approx(variance, rel=0.05)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_loss_is_summed_over_pixels_and_differs_from_nll_by_a_constant(name):
    loss = loss_of(name)
    rng = np.random.default_rng(0)
    x = rng.random((5, 4, 3, 2), dtype="float32")
    x = np.round(2 * x) if loss.is_of_tokens else x
    params = rng.normal(size=(5, 4, 3, 2 * loss.params_per_channel)).astype("float32")
    per_image = np.asarray(loss(x, params))
    assert per_image.shape == (5,)
    constants = per_image + np.asarray(loss.log_prob(x, params))
    np.testing.assert_allclose(constants, constants[0], atol=1e-4)
    twice = np.asarray(loss(np.concatenate([x, x], 1), np.concatenate([params, params], 1)))
    np.testing.assert_allclose(twice, 2 * per_image, rtol=1e-5)


def test_against_keras():
    rng = np.random.default_rng(0)
    x = rng.random((5, 4, 3, 1), dtype="float32")
    params = rng.normal(size=x.shape).astype("float32")
    keras_bce = keras.losses.BinaryCrossentropy(from_logits=True)(x, params)
    ours = np.mean(loss_of("binary_crossentropy")(x, params)) / 12
    assert ours == pytest.approx(float(keras_bce), rel=1e-5)
    for name, theirs in (
        ("mse", keras.losses.MeanSquaredError()),
        ("mae", keras.losses.MeanAbsoluteError()),
    ):
        assert np.mean(loss_of(name)(x, params)) / 12 == pytest.approx(
            float(theirs(x, params)), rel=1e-5
        )


def test_extreme_logits_stay_finite():
    x = np.array([0.0, 1.0, 0.5], "float32").reshape(3, 1, 1, 1)
    for name in ("binary_crossentropy", "continuous_bernoulli"):
        for logit in (-300.0, -1e-4, 0.0, 1e-4, 300.0):
            params = np.full_like(x, logit)
            assert np.isfinite(loss_of(name)(x, params)).all()
            assert np.isfinite(loss_of(name).mean(params)).all()
            assert np.isfinite(loss_of(name).sample(params, seed=0)).all()


@pytest.mark.parametrize("logit", [-5.0, -0.101, -0.099, -0.03, 1e-3, 0.05, 0.0999, 0.1001, 1.0])
def test_continuous_bernoulli_near_half_is_as_exact_as_its_series(logit):
    """Loaiza-Ganem & Cunningham 2019, eq. 5 to 8, with 50 digits; off by the next term at most."""
    with decimal.localcontext(prec=50):
        power, exact = Decimal(logit).exp(), Decimal(logit)
        normaliser = float((exact * (power + 1) / (power - 1)).ln())
        mean = float(power / (power - 1) - 1 / exact)
    logits = keras.ops.convert_to_tensor([logit], "float64")
    near = abs(logit) < 0.1
    found = float(continuous_bernoulli.log_normaliser(logits)[0])
    assert abs(found - normaliser) <= 1e-14 + near * 31 / 90720 * logit**6
    found = float(loss_of("continuous_bernoulli").mean(logits)[0])
    assert abs(found - mean) <= 1e-14 + near * abs(logit) ** 5 / 30240


def test_gaussian_with_stddev_is_scaled_mse():
    rng = np.random.default_rng(0)
    x, params = rng.random((2, 5, 4, 3, 1), dtype="float32")
    half = loss_of("gaussian", stddev=float(np.sqrt(0.5)))
    difference = np.asarray(half(x, params)) - np.asarray(loss_of("mse")(x, params))
    np.testing.assert_allclose(difference, 12 * 0.5 * np.log(np.pi), rtol=1e-5)


@pytest.mark.parametrize("name", ["mse", "mae", "gaussian"])
def test_a_mean_is_activated_as_asked_for(name):
    settings = {"stddev": 1.0} if name == "gaussian" else {}
    params = np.array([-2.0, 3.0], "float32").reshape(2, 1, 1, 1)
    for activation, expected in [
        ("linear", [-2, 3]),
        ("sigmoid", [1 / (1 + np.exp(2)), 1 / (1 + np.exp(-3))]),
        ("leaky_relu", [-0.4, 3]),
    ]:
        loss = loss_of(name, activation=activation, negative_slope=0.2, **settings)
        np.testing.assert_allclose(np.ravel(loss.mean(params)), expected, rtol=1e-5)


@pytest.mark.parametrize(("log_var", "stddev"), [(-60.0, 0.05), (2.0, np.exp(1.0)), (0.0, 1.0)])
def test_a_learnt_variance_is_the_second_head_above_its_floor(log_var, stddev):
    params = np.array([0.3, log_var], "float32").reshape(1, 1, 1, 2)
    x = np.full((1, 1, 1, 1), 0.3 + stddev, "float32")
    found = loss_of("gaussian", stddev=None, min_stddev=0.05).log_prob(x, params)
    expected = -0.5 - np.log(stddev) - 0.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(found, expected, rtol=5e-3)


@pytest.mark.parametrize("name", options("loss"))
def test_range_check(name):
    loss = loss_of(name)
    loss.check_range(0.0, 1.0)
    if SUPPORT.get(name) == "tokens":
        loss.check_range(0.0, TOKENS - 1)
        with pytest.raises(BadRequest, match="of the numbers 0 to 2"):
            loss.check_range(0.0, TOKENS)
    elif loss.needs_unit_range:
        with pytest.raises(BadRequest, match=r"dataset\.scale=minmax"):
            loss.check_range(0.0, 255.0)
    else:
        loss.check_range(-3.0, 3.0)


@pytest.mark.parametrize("name", sorted({*options("loss")} - {*LIKELIHOODS}))
def test_what_is_no_likelihood_says_so(name):
    x = np.zeros((1, 16, 16, 1), "float32")
    assert np.asarray(loss_of(name)(x, x)).shape == (1,)
    for ask in (lambda: loss_of(name).log_prob(x, x), lambda: loss_of(name).sample(x, 0)):
        with pytest.raises(NotApplicable, match=f"needs a likelihood, which loss={name} is not"):
            ask()


@pytest.mark.parametrize(
    ("settings", "shape", "way"),
    [
        (
            {},
            (8, 8, 1),
            r"11 pixels a side, and these images are 8x8\ntake loss\.window=7, or loss=mse",
        ),
        ({}, (1, 30, 2), r"images are 1x30\ntake loss=mse"),
        (
            {"levels": 3},
            (28, 28, 1),
            r"at least 44 pixels a side.*\ntake loss\.levels=2, or a smaller",
        ),
    ],
)
def test_structure_needs_images_of_some_size(settings, shape, way):
    with pytest.raises(BadRequest, match=way):
        loss_of("ms_ssim", **settings).check_shape(shape)
    loss_of("ms_ssim", window=3).check_shape((8, 8, 1))


@pytest.mark.parametrize(
    ("name", "changes"),
    [("gaussian", {"stddev": 0}), ("mse", {"activation": "tanh"}), ("mae", {"slope": 1})],
)
def test_bad_values(name, changes):
    with pytest.raises(BadRequest, match="loss"):
        loss_of(name, **changes)
