"""Every loss: what holds of any likelihood, its range, what it refuses."""

import numpy as np
import pytest
from options import contents, options

from aecli import build
from aecli.errors import BadRequest, NotApplicable
from aecli.proofs import likelihood

SUPPORT = {
    "binary_crossentropy": "binary",
    "continuous_bernoulli": "unit",
    "categorical": "tokens",
    "discretized_logistic": "levels",
    "discretized_logistic_mixture": "levels",
}
TOKENS = 3


def loss_of(name, **changes):
    further = {"token_count": TOKENS} if SUPPORT.get(name) == "tokens" else {}
    return build.component(contents("loss", name) | changes, "loss", **further)


@pytest.mark.parametrize("name", options("loss"))
def test_what_holds_of_any_likelihood(name):
    for proof in likelihood.proofs(name, likelihood.built([f"loss={name}"])):
        assert (found := proof.find()).holds, (proof.what, found)


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


@pytest.mark.parametrize("name", ["focal_frequency", "ms_ssim"])
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
