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
        (["model=factor_vae", "~critic_optimizer"], "critic_optimizer is missing"),
    ],
)
def test_what_they_cannot_take_is_refused(compose, words, said):
    def build_all():
        config = compose(*words)
        build.optimizers(config, build.model(config, (8, 8, 1)).players, 3, 3)

    with pytest.raises(BadRequest, match=said) as refusal:
        build_all()
    assert len(str(refusal.value).splitlines()) <= 2


def test_piwaes_decoder_goes_by_the_same_optimizer_unless_it_has_its_own(compose):
    def made(*words):
        return build.optimizers(compose("model=piwae", *words), ("model", "decoder"), 100, 10)

    same = made("optimizer=adam", "optimizer.learning_rate=0.01", "schedule=cosine")
    first, second = same.values()
    assert first is not second
    assert first.get_config() | {"name": ""} == second.get_config() | {"name": ""}
    assert float(second._learning_rate(50)) == pytest.approx(0.005)
    own = made("optimizer@decoder_optimizer=sgd", "decoder_optimizer.learning_rate=0.5")
    assert [type(one).__name__ for one in own.values()] == ["Adam", "SGD"]
    assert float(own["decoder"].learning_rate) == 0.5
