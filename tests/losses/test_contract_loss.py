"""Every loss: what holds of any likelihood, its range, what it refuses."""

import pytest
from options import contents, options

from aecli import build
from aecli.errors import BadRequest
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
    elif name in SUPPORT:
        with pytest.raises(BadRequest, match=r"dataset\.scale=minmax"):
            loss.check_range(0.0, 255.0)
    else:
        loss.check_range(-3.0, 3.0)


@pytest.mark.parametrize(
    ("name", "changes"),
    [("gaussian", {"stddev": 0}), ("mse", {"activation": "tanh"}), ("mae", {"slope": 1})],
)
def test_bad_values(name, changes):
    with pytest.raises(BadRequest, match="loss"):
        loss_of(name, **changes)
