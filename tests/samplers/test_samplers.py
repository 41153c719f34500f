"""Densities fitted to codes: that they are densities, that what is drawn follows them, how well."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats
from sklearn.mixture import GaussianMixture

from aecli.errors import NotApplicable
from aecli.latents.made import MADE
from aecli.samplers import base
from aecli.samplers.flow import Flow
from aecli.samplers.gmm import GMM
from aecli.samplers.maf import MAF

SMALL = {"layers": 1, "width": 32, "epochs": 60, "learning_rate": 3e-3}
TINY = {"blocks": 1, "layers": 1, "width": 8}


def clusters(n=2000, size=3):
    """[n, size] of two well separated Gaussians, 0.2 and 0.8 of them, far from the origin."""
    rng = np.random.default_rng(0)
    which = rng.random(n) < 0.2
    spread = np.array([[1.0, 0.9, 0], [0, 0.3, 0], [0, 0, 0.05]])[:size, :size]
    return 1e-3 * (rng.standard_normal((n, size)) @ spread + np.where(which[:, None], 20, -5))


def banana(n, seed=0):
    a, b = np.random.default_rng(seed).standard_normal((2, n))
    return np.stack([a, a**2 + 0.3 * b], axis=1)


def ring(n, seed=0):
    rng = np.random.default_rng(seed)
    angle, radius = rng.uniform(0, 2 * np.pi, n), 5 + 0.5 * rng.standard_normal(n)
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def grid(low, high, steps=300):
    """[steps ** 2, 2] points, and the area that each stands for."""
    sides = [np.linspace(a, b, steps) for a, b in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1).reshape(-1, 2)
    return points, np.prod([side[1] - side[0] for side in sides])


@pytest.fixture(scope="module")
def fitted():
    """{name: the density fitted to 2000 points of the banana}"""
    samplers = {
        "maf": MAF(blocks=3, **SMALL),
        "gmm": GMM(components=5),
        "gaussian": GMM(components=1),
    }
    return {name: sampler.fit(banana(2000)) for name, sampler in samplers.items()}


def with_random_weights(layer_or_flow, seed=0):
    rng = np.random.default_rng(seed)
    for variable in layer_or_flow.variables:
        variable.assign(0.5 * rng.standard_normal(variable.shape))
    return layer_or_flow


# ---- MADE and the flow ---------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "widths"), [(1, [4]), (2, [3]), (5, [9, 7]), (6, [3]), (4, [])])
def test_an_output_of_made_depends_on_the_inputs_before_its_own_and_no_others(size, widths):
    made = with_random_weights(MADE(size, widths, heads=3))
    x = tf.constant(np.random.default_rng(1).standard_normal((20, size)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = made(x)
    jacobian = np.abs(tape.batch_jacobian(outputs, x)).max(axis=0)  # [output, head, input]
    assert outputs.shape == (20, size, 3)
    for head in range(3):
        assert not np.triu(jacobian[:, head]).any()
        if len(widths) == 0 or min(widths) >= size:
            assert (jacobian[:, head][np.tril_indices(size, -1)] > 0).all()


@pytest.mark.parametrize("context", [0, 2])
def test_made_is_a_network_of_masked_kernels(context):
    """In numpy: an activation after each layer but the last, the context added to the first."""
    made = with_random_weights(MADE(3, [5, 4], heads=2, context=context))
    rng = np.random.default_rng(1)
    x, given = (rng.standard_normal((6, size)).astype("float32") for size in (3, 2))
    first, *others = [(kernel.numpy() * mask, bias.numpy()) for kernel, mask, bias in made.masked]
    known = given @ made.of_context.numpy() if context else 0.0
    expected = x @ first[0] + first[1] + known
    for kernel, bias in others:
        expected = np.maximum(expected, 0) @ kernel + bias
    found = made(x, given) if context else made(x)
    np.testing.assert_allclose(found, expected.reshape(6, 3, 2), rtol=1e-4, atol=1e-5)


def test_the_two_directions_of_a_flow_are_inverse_and_its_determinant_is_that_of_its_jacobian():
    flow = with_random_weights(Flow(np.ones(4), 3, [8, 8]), seed=2)
    e = tf.constant(np.random.default_rng(0).standard_normal((50, 4)), tf.float32)
    x = flow.inverse(e)
    assert np.abs(x - e).max() > 1
    with tf.GradientTape() as tape:
        tape.watch(x)
        back, log_det = flow.forward(x)
    np.testing.assert_allclose(back, e, atol=1e-4)
    _, expected = np.linalg.slogdet(tape.batch_jacobian(back, x))
    np.testing.assert_allclose(log_det, expected, atol=1e-3)


def test_a_constant_unit_is_no_part_of_a_flow():
    flow = with_random_weights(Flow(np.array([0, 1, 1]), 2, [8]), seed=2)
    e = np.random.default_rng(0).standard_normal((20, 3)).astype("float32")
    x = np.array(flow.inverse(e))
    assert not x[:, 0].any()
    np.testing.assert_allclose(flow.forward(x)[0][:, 1:], e[:, 1:], atol=1e-4)
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        back, log_det = flow.forward(x)
    jacobian = tape.batch_jacobian(back, x).numpy()[:, 1:, 1:]
    np.testing.assert_allclose(log_det, np.linalg.slogdet(jacobian)[1], atol=1e-3)
    expected = stats.norm.logpdf(back[:, 1:]).sum(axis=1) + log_det
    np.testing.assert_allclose(flow.log_prob(x), expected, rtol=1e-4, atol=1e-4)


# ---- each is a density, and what is drawn follows it ---------------------------------------------


@pytest.mark.parametrize("name", ["maf", "gmm"])
def test_a_density_integrates_to_1_and_the_draws_are_of_it(name, fitted):
    points, area = grid([-6, -5], [6, 22])
    log_p = fitted[name].log_prob(points)
    p = area * np.exp(log_p)
    assert p.sum() == pytest.approx(1, abs=0.01)
    draws = fitted[name].sample(20_000, seed=1)
    mean = p @ points
    np.testing.assert_allclose(draws.mean(axis=0), mean, atol=0.05)
    covariance = (points - mean).T @ (p[:, None] * (points - mean))
    np.testing.assert_allclose(np.cov(draws.T), covariance, rtol=0.1, atol=0.05)
    assert fitted[name].log_prob(draws).mean() == pytest.approx(p @ log_p, abs=0.05)
    assert draws.dtype == np.float32
    np.testing.assert_array_equal(draws, fitted[name].sample(20_000, seed=1))
    assert not np.array_equal(draws, fitted[name].sample(20_000, seed=2))
    np.testing.assert_allclose(draws[:9], fitted[name].sample(9, seed=1), atol=1e-5)


def test_a_flow_learns_what_a_gaussian_cannot(fitted):
    """Held-out log-likelihood, nats a point; the truth of the banana is -1.63."""
    new = banana(4000, seed=1)
    score = {name: density.log_prob(new).mean() for name, density in fitted.items()}
    assert score["maf"] > score["gaussian"] + 1.2
    assert score["maf"] < -1.6
    points, new = ring(2000), ring(4000, seed=1)
    flow = MAF(blocks=5, **SMALL).fit(points).log_prob(new).mean()
    assert flow > GMM(components=1).fit(points).log_prob(new).mean() + 0.4


def test_a_flow_is_a_function_of_the_codes_and_the_seed():
    numbers = [MAF(seed=s, epochs=2, **TINY).fit(banana(300)).numbers for s in (0, 0, 1)]
    for name, values in numbers[0].items():
        np.testing.assert_array_equal(values, numbers[1][name])
    assert not np.array_equal(numbers[0]["kernel_0_1"], numbers[2]["kernel_0_1"])


def test_the_epoch_that_is_best_on_held_out_codes_is_kept():
    """Of 60 codes a large flow at a large rate soon learns each by heart."""
    options = {"blocks": 1, "width": 256, "learning_rate": 1e-2, "batch_size": 8, "epochs": 30}
    new = banana(2000, seed=1)
    kept = MAF(patience=3, **options).fit(banana(60)).log_prob(new).mean()
    assert kept > GMM(components=1).fit(banana(60)).log_prob(new).mean() - 1
    assert kept > -10


# ---- the mixture ---------------------------------------------------------------------------------


def test_a_mixture_is_that_of_scikit_learn():
    codes = clusters().astype("float32")
    density = GMM(components=2).fit(codes.reshape(-1, 1, 1, 3))
    draws = density.sample(20_000, seed=1)
    assert draws.shape == (20_000, 1, 1, 3)
    floor = 1e-6 * (1e3 * codes).var(axis=0).mean()
    found = GaussianMixture(2, random_state=0, reg_covar=floor)
    found.fit(1e3 * codes.astype("float64"))
    expected = found.score_samples(1e3 * codes[:50]) + 3 * np.log(1e3)
    np.testing.assert_allclose(
        density.log_prob(codes[:50].reshape(-1, 1, 1, 3)), expected, atol=1e-3
    )
    draws = 1e3 * draws.reshape(-1, 3)
    for weight, mean, covariance in zip(
        found.weights_, found.means_, found.covariances_, strict=True
    ):
        mine = draws[(draws[:, 0] > 7) == (mean[0] > 7)]
        assert len(mine) / len(draws) == pytest.approx(weight, abs=0.015)
        np.testing.assert_allclose(mine.mean(axis=0), mean, atol=0.05)
        np.testing.assert_allclose(np.cov(mine.T), covariance, atol=0.05)
    assert np.diff(draws[:, 0] > 7).sum() > 1000  # mixed, not one component after the other


@pytest.mark.parametrize("sampler", [GMM(components=2), MAF(blocks=1, **SMALL)])
def test_of_a_large_code_the_principal_components_are_modelled(sampler, monkeypatch):
    monkeypatch.setattr(base, "MAX_UNITS", 2)
    codes = clusters()
    fitted = sampler.fit(codes)
    values = np.linalg.eigvalsh(np.cov(codes.T))[::-1]
    assert float(fitted.numbers["share"]) == pytest.approx(
        values[:2].sum() / values.sum(), abs=1e-6
    )
    assert "\nin 2 principal components: 100.0 %" in fitted.origin
    draws = fitted.sample(500, seed=0)
    assert np.linalg.matrix_rank(draws - draws.mean(axis=0), tol=1e-6) == 2
    np.testing.assert_allclose(draws.mean(axis=0), codes.mean(axis=0), atol=2e-3)


def test_the_density_of_principal_components_is_about_their_center(monkeypatch):
    monkeypatch.setattr(base, "MAX_UNITS", 2)
    codes = clusters() + np.array([3.0, -1.0, 2.0])
    found = GMM(components=1).fit(codes).log_prob(codes[:50])
    components = (codes - codes.mean(axis=0)) @ np.linalg.eigh(np.cov(codes.T))[1][:, 1:]
    expected = stats.multivariate_normal(np.zeros(2), np.cov(components.T)).logpdf(components[:50])
    np.testing.assert_allclose(found, expected, atol=0.02)


@pytest.mark.parametrize("sampler", [GMM(components=3), MAF(blocks=1, **SMALL)])
def test_dead_units_stay_dead(sampler):
    codes = np.concatenate([clusters(), np.full((2000, 2), 0.5)], axis=1)
    draws = sampler.fit(codes).sample(200, seed=0)
    assert np.abs(draws[:, 3:] - 0.5).max() < 1e-3 * codes.std()
    np.testing.assert_allclose(draws[:, :3].mean(axis=0), codes[:, :3].mean(axis=0), atol=3e-3)


@pytest.mark.parametrize("sampler", [GMM(components=2), MAF(epochs=2, **TINY)])
def test_codes_that_are_all_one_point_are_drawn_again(sampler):
    draws = sampler.fit(np.full((20, 2, 2), 3.0)).sample(5, seed=0)
    np.testing.assert_allclose(draws, 3, atol=0.01)


def test_too_few_codes_are_refused():
    with pytest.raises(NotApplicable, match="at most the 9 training codes; got 10"):
        GMM().fit(banana(9))
    with pytest.raises(NotApplicable, match="needs 10 training codes"):
        MAF().fit(banana(9))
