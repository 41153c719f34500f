"""Posteriors with flows, trained: the bound reaches log p(x) by integration."""

import numpy as np
import pytest
from scipy.special import logsumexp

from aecli import build
from aecli.errors import BadRequest
from aecli.metrics.bounds import importance_bound, log_densities
from aecli.proofs.generic import Case


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
    Case(model, np.repeat(x, 100, 0)).train(150)  # q is near the true posterior
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
