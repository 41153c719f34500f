"""CIWAE, PIWAE and the doubly reparameterised gradient: what they refuse, what they share."""

import pytest

from aecli import build
from aecli.errors import BadRequest


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["model=iwae", "model.estimator=dreg", "model/posterior=iaf"], "model/posterior=gaussian"),
        (["model=miwae", "model.estimator=dreg", "model.epsilon_std=0.5"], "model.epsilon_std=1"),
        (["model=ciwae", "+model.estimator=dreg"], "must be 'plain'"),
        (["model=ciwae", "model.elbo_weight=1.5"], "model.elbo_weight must be less than or equal"),
        (["model=piwae", "~decoder_optimizer"], "decoder_optimizer"),
    ],
)
def test_what_they_cannot_take_is_refused(compose, words, said):
    def build_all():
        config = compose(*words)
        build.optimizers(config, build.model(config, (8, 8, 1)).players, 3, 3)

    with pytest.raises(BadRequest, match=said) as refusal:
        build_all()
    assert len(str(refusal.value).splitlines()) <= 2
