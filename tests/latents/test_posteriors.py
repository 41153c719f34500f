"""Posteriors with flows: densities against the Jacobian that autodiff finds, against areas on a
grid and against log p(x) by integration."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats
from scipy.special import logsumexp
from test_contract_model import fit, whole_batch

from aecli import build
from aecli.errors import BadRequest
from aecli.latents.made import MADE
from aecli.latents.posteriors.gaussian import Gaussian
from aecli.latents.posteriors.iaf import IAF
from aecli.latents.posteriors.planar import Planar, mended, planar
from aecli.metrics.bounds import importance_bound, log_densities

B, D = 5, 3
FLOWS = [Planar(flows=3), IAF(flows=2, widths=[8, 7], context=4, gate_bias=1.0)]


def heads(posterior, size=D, n=B, seed=0, scale=1.0):
    """Random ones, as an encoder might emit them."""
    rng = np.random.default_rng(seed)
    shapes = {name: (n, width) for name, (width, _) in posterior.heads(size).items()}
    return {k: tf.constant(scale * rng.normal(size=s), "float32") for k, s in shapes.items()}


def epsilon(n=B, size=D, seed=1):
    return tf.constant(np.random.default_rng(seed).normal(size=(n, size)), "float32")


def jacobian(function, z):
    """[B, D_out, D_in] by autodiff."""
    with tf.GradientTape() as tape:
        tape.watch(z)
        out = function(z)
    return tape.batch_jacobian(out, z).numpy()


@pytest.mark.parametrize("posterior", FLOWS, ids=lambda p: type(p).__name__)
def test_log_det_is_that_of_the_jacobian(posterior):
    layer, given = posterior.layer((D,)), heads(posterior)
    z0 = epsilon()
    found = layer.pushed(z0, given)[1]
    truth = np.linalg.slogdet(jacobian(lambda z: layer.pushed(z, given)[0], z0))
    assert (truth.sign == 1).all()
    assert np.abs(truth.logabsdet).mean() > 0.3
    np.testing.assert_allclose(found, truth.logabsdet, atol=2e-5)


@pytest.mark.parametrize("posterior", FLOWS, ids=lambda p: type(p).__name__)
def test_log_q_is_the_gaussians_less_the_log_det(posterior):
    """The density of what is drawn, whatever widens the noise."""
    layer, given, e = posterior.layer((D,)), heads(posterior), epsilon()
    for scale in (1.0, 0.4):
        z, log_q = layer.draw(given, e, scale)
        stddev = scale * np.exp(0.5 * given["log_var"].numpy())
        start = given["mean"] + stddev * e
        of_start = -0.5 * np.log(2 * np.pi) - np.log(stddev) - 0.5 * np.square(e)
        np.testing.assert_allclose(z, layer.pushed(start, given)[0], atol=1e-6)
        wanted = of_start.sum(-1) - np.asarray(layer.pushed(start, given)[1])
        np.testing.assert_allclose(log_q, wanted, atol=1e-5)
    np.testing.assert_allclose(layer.mode(given), layer.draw(given, 0 * e)[0], atol=1e-6)
    assert layer.gaussian(given) is None


def test_the_gaussians_density_of_a_draw_is_that_of_the_code_and_scipys():
    layer, given = Gaussian().layer((D,)), heads(Gaussian())
    z, log_q = layer.draw(given, epsilon())
    stddev = np.exp(0.5 * given["log_var"].numpy())
    expected = stats.norm.logpdf(z, given["mean"], stddev).sum(axis=1)
    np.testing.assert_allclose(log_q, expected, rtol=1e-5)
    np.testing.assert_allclose(layer.log_prob(z, given), expected, rtol=1e-5)
    np.testing.assert_allclose(z - given["mean"], stddev * epsilon(), atol=1e-5)


def test_no_flow_is_the_gaussian():
    """u = 0 of a planar flow; a gate that is wide open, s = 1, of IAF."""
    gaussian, e = Gaussian().layer((D,)), epsilon()
    still = {"u": tf.zeros((B, 3 * D))}
    for posterior, changes in ((FLOWS[0], still), (IAF(gate_bias=60.0), {})):
        given = heads(posterior) | changes
        z, log_q = gaussian.draw(given, e)
        found = posterior.layer((D,)).draw(given, e)
        np.testing.assert_allclose(found[0], z, atol=1e-6)
        np.testing.assert_allclose(found[1], log_q, atol=1e-6)


ADVERSARIAL = [
    *[(u * np.ones(D), w * np.ones(D)) for u in (-1e4, -30, -1, 1e-4, 30) for w in (0.01, 1, 30)],
    (np.array([-5.0, 2, 3]), np.zeros(D)),
    (np.array([-5.0, 2, 3]), np.array([1e-9, 0, 1e-20])),
    (np.array([-1e3, 2, 3]), np.array([1e-3, -1e-3, 0])),
    (np.array([-800.0, 2, 3]), np.array([5e-4, 0, 0])),
    (np.zeros(D), np.array([1.0, 2, 3])),
]


def test_planar_flows_stay_invertible_whatever_the_encoder_emits():
    """w'u^ > -1, so that z -> z + u^ tanh(w'z + b) never folds."""
    u, w = (np.array(values) for values in zip(*ADVERSARIAL, strict=True))
    asked = (w * u).sum(-1)
    assert (asked < -1).sum() > 5
    hat, said = (np.asarray(found) for found in mended(u, w))
    along = (w * hat).sum(-1)
    assert (said >= 0).all()
    assert (along >= -1 - 1e-9).all()
    np.testing.assert_allclose(said, 1 + along, atol=1e-7)
    np.testing.assert_allclose(said[:-5], np.logaddexp(0, asked[:-5] + np.log(np.e - 1)))
    across = hat - u - w * (along - asked)[:, None] / np.maximum((w * w).sum(-1), 1e-18)[:, None]
    np.testing.assert_allclose(across, 0, atol=1e-5)  # there u is as it was
    for one, other in zip(u, w, strict=True):
        way = np.linspace(-3, 3, 501)[:, None] * other / max(other @ other, 1e-12)
        rows = [np.repeat(v[None], 501, 0) for v in (one, other)]
        moved, _ = planar(way, *rows, np.full(501, 0.1))
        assert (np.diff(np.asarray(moved) @ other) >= -1e-12).all()
    short = [v.astype("float32") for v in (u, u, w)]
    z, log_det = planar(*short, np.zeros(len(u), "float32"))
    assert np.isfinite(z).all()
    assert np.isfinite(log_det).all()


def test_small_w_moves_little():
    """No pole at w = 0, where the papers' u^ has one."""
    u = np.array([[3.0, -1, 2]], "float32")
    for w in (1e-1, 1e-2, 1e-3, 1e-4, 1e-8, 0):
        assert np.abs(mended(u, np.full((1, D), w, "float32"))[0] - u).max() < 1


def test_a_made_knows_the_units_before_and_the_context():
    step = MADE(4, [9, 6], context=2, activation="elu", last="glorot_uniform", dtype="float32")
    z, context = epsilon(3, 4), epsilon(3, 2, seed=5)
    for part in (0, 1):
        jac = jacobian(lambda z, part=part: step(z, context)[..., part], z)
        np.testing.assert_array_equal(np.triu(jac), 0)  # the diagonal, too
        before = np.tril(np.ones((4, 4)), -1) > 0
        assert (np.abs(jac[:, before]).max(axis=0) > 0).all()  # and it knows each of them
        of_context = jacobian(lambda c, part=part: step(z, c)[..., part], context)
        assert (np.abs(of_context).max(axis=(0, 2)) > 0).all()


def test_an_iaf_step_has_a_triangular_jacobian():
    one = IAF(flows=1, widths=[8], context=4, gate_bias=1.0)
    layer, given = one.layer((D,)), heads(one)
    jac = jacobian(lambda z: layer.pushed(z, given)[0], epsilon())
    np.testing.assert_array_equal(np.triu(jac, 1), 0)
    diagonal = np.diagonal(jac, axis1=1, axis2=2)
    assert ((diagonal > 0) & (diagonal < 1)).all()
    two = IAF(flows=2, widths=[8], context=4, gate_bias=1.0)
    jac = jacobian(lambda z: two.layer((D,)).pushed(z, heads(two))[0], epsilon())
    assert (np.abs(jac[:, 0, 2]) > 0).all()  # in the other order each knows the others
    assert (np.abs(jac[:, 2, 0]) > 0).all()


@pytest.mark.parametrize("posterior", FLOWS, ids=lambda p: type(p).__name__)
def test_q_integrates_to_1(posterior):
    """Over the image of a fine grid: the density times the area that each cell is moved to."""
    side = np.linspace(-6, 6, 401)
    layer, given = posterior.layer((2,)), heads(posterior, 2, 1, scale=0.7)
    corners = np.stack(np.meshgrid(side, side, indexing="ij"), -1).reshape(-1, 2)
    middles = corners + (side[1] - side[0]) / 2

    def drawn(e):
        rows = {k: tf.repeat(v, len(e), axis=0) for k, v in given.items()}
        return [np.asarray(a, "float64") for a in layer.draw(rows, e.astype("float32"))]

    x, y = np.moveaxis(drawn(corners)[0].reshape(401, 401, 2), -1, 0)
    # twice the area of a quadrangle: the cross product of its diagonals
    across, along = (x[1:, 1:] - x[:-1, :-1], y[1:, 1:] - y[:-1, :-1])
    other, beside = (x[:-1, 1:] - x[1:, :-1], y[:-1, 1:] - y[1:, :-1])
    area = np.abs(across * beside - along * other) / 2
    density = np.exp(drawn(middles)[1]).reshape(401, 401)[:-1, :-1]
    assert (density * area).sum() == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize(
    "words",
    [
        ["model/posterior=planar"],
        ["model/posterior=iaf", "model.posterior.gate_bias=1", "model/prior=mixture"],
        ["model/prior=vamp", "model.prior.components=5"],
    ],
    ids=" ".join,
)
def test_the_importance_bound_reaches_log_p(compose, words):
    """From below; log p(x) by summing p(x|z) p(z) over a grid of codes."""
    config = compose("model=vae", "network.widths=[6]", *words, "seed=3")
    model = build.model(config, (2, 2, 1))
    rng = np.random.default_rng(0)
    for variable in model.decoder.variables:  # an image says something of its code
        variable.assign(variable + rng.normal(size=variable.shape))
    x = rng.integers(0, 2, size=(6, 2, 2, 1)).astype("float32")
    fit(model, whole_batch(model, np.repeat(x, 100, 0)), 150)  # q is near the true posterior
    side = np.linspace(-9, 9, 241)
    z = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2).astype("float32")
    log_p = np.asarray(model.log_prior(z), "float64")
    assert np.exp(log_p).sum() * (side[1] - side[0]) ** 2 == pytest.approx(1, abs=1e-3)
    params = model.params(z)
    joint = [
        np.asarray(model.reconstruction_loss.log_prob(np.repeat(image[None], len(z), 0), params))
        + log_p
        for image in x
    ]
    truth = logsumexp(joint, axis=1) + 2 * np.log(side[1] - side[0])
    log_w = np.subtract(*log_densities(model, x, x, 600))
    of_20 = np.mean([importance_bound(log_w[i : i + 20]) for i in range(0, 600, 20)], axis=0)
    bound = importance_bound(log_w)
    error = np.std(np.exp(log_w - bound), axis=0) / np.sqrt(600)  # of its exponential, relative
    assert log_w.mean() < of_20.mean() < truth.mean() + 4 * error.mean()
    assert (np.abs(bound - truth) < 4 * error + 1e-3).all()
    assert abs((bound - truth).mean()) < 4 * error.mean() / np.sqrt(6) + 1e-3
    assert 4 * error.mean() < 0.1


@pytest.mark.parametrize("name", ["planar", "iaf"])
def test_grid_codes_are_refused(compose, name):
    config = compose("model=vae", "network=conv", "network.filters=[4]", "model.flat=false",
                     f"model/posterior={name}")  # fmt: skip
    with pytest.raises(BadRequest, match=r"takes flat codes, not 4x4x2: model\.flat=true") as error:
        build.model(config, (8, 8, 1))
    assert len(str(error.value).splitlines()) == 1
