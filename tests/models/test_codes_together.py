"""What the models refuse whose penalties look at all codes together, or at derivatives of them."""

import pytest
from options import GREYS

from aecli import build
from aecli.errors import BadRequest, NotApplicable


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["model=info_vae", "model.alpha=0.5", "model.lam=0.4"], "at least model.lam=0.5"),
        (["model=info_vae", "model/prior=mixture"], "model.prior"),
        (["model=dip_vae", "model/posterior=iaf"], "model.posterior"),
        (["model=k_sparse", "model.k=200"], "at most model.k=128"),
        (["model=wae", "model.kernel=linear"], "model.kernel"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(compose, overrides, words):
    with pytest.raises(BadRequest, match=words.replace("[", r"\[")) as refusal:
        build.model(compose(*overrides), (8, 8, 1))
    assert len(str(refusal.value).splitlines()) <= 2


def test_tokens_have_no_derivative(compose):
    words = ["model=rae", "model.regularizer=gp", "network=seq2seq", "loss=categorical"]
    with pytest.raises(BadRequest, match="regularizer=l2 or sn"):
        build.model(compose(*words), (1, 16, 1), vocabulary=GREYS)


def test_a_rae_has_no_prior_and_says_what_stands_for_it(compose):
    model = build.model(compose("model=rae"), (8, 8, 1))
    with pytest.raises(NotApplicable, match="sampler=gmm"):
        model.sample_prior(3, 0)
