"""LadderVAE: its code, outside and in a run, and what it refuses."""

import keras
import numpy as np
import pytest
from same_runs import differing

from aecli import build
from aecli.errors import BadRequest, NotApplicable
from aecli.models.ladder_vae import LadderVAE

LITTLE = ["model=ladder_vae", "model.latent_dim=4", "model.upper_dims=[3]"]
LITTLE += ["model.level_widths=[6]", "network.widths=[8]", "network.activation=tanh"]


def little(compose, *overrides):
    model = build.model(compose(*LITTLE, *overrides), (8, 8, 1))
    rng = np.random.default_rng(0)
    model.set_weights([w + 0.3 * rng.normal(size=w.shape) for w in model.get_weights()])
    return model


def test_a_code_is_flat_outside_and_the_decoder_is_given_the_lowest_level(compose, images):
    model, x = little(compose, "model.upper_dims=[3,2]"), images[:6]
    assert model.levels == {"z_1": slice(0, 4), "z_2": slice(4, 7), "z_3": slice(7, 9)}
    assert model.code_shape == (9,)
    z = model.encode(x)
    assert z.shape == (6, 9)
    np.testing.assert_allclose(model.decode(z), model.reconstruct(x), atol=1e-6)
    other = z + np.r_[np.zeros(4), np.ones(5)].astype("float32")
    np.testing.assert_array_equal(model.decode(other), model.decode(z))
    assert model.decoded_units() == range(4)
    assert not np.allclose(model.decode(z + 1), model.decode(z), atol=1e-3)
    assert model.term_names() == ["reconstruction", "kl_1", "kl_2", "kl_3"]
    units, scores = model.kl_of_units(x), model.score(x)
    for i, level in enumerate(model.levels.values()):
        np.testing.assert_allclose(units[:, level].sum(axis=1), scores[f"kl_{i + 1}"], rtol=1e-5)
    assert model.sample(5).shape == (5, 8, 8, 1)
    assert not model.has_quantiles
    with pytest.raises(NotApplicable, match="not alike"):
        model.prior_quantiles(np.array([0.5]))


@pytest.mark.slow
def test_a_run_resumes_bit_for_bit_and_its_parts_are_those_of_the_model(lab, monkeypatch):
    from aecli import runs
    from aecli.io.parts import part
    from aecli.training.resident import ResidentFeed

    monkeypatch.setattr(ResidentFeed, "_steps_a_chunk", lambda self: self._time(0) and 1)
    overrides = [*LITTLE, "trainer.epochs=3", "trainer.batch_size=40", "model.warmup_epochs=2"]
    whole = lab.train(*overrides)
    stopped = lab.interrupted(*overrides, after=6)
    lab.resume(stopped)
    assert differing(whole, stopped) == []
    run = runs.Run(whole)
    rows = run.splits.test.x[:9]
    codes, images = (
        np.asarray(part(run.model, name, run.learnt)(rows)) for name in ("encoder", "autoencoder")
    )
    np.testing.assert_allclose(codes, run.model.raw.encode(rows), atol=1e-5)
    np.testing.assert_allclose(images, run.model.raw.reconstruct(rows), atol=1e-3)
    decoded = part(run.model, "decoder", run.learnt)(codes)
    np.testing.assert_allclose(decoded, images, atol=1e-3)
    assert isinstance(keras.models.load_model(whole / "checkpoints" / "best.keras"), LadderVAE)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("model.flat=false", "model.flat must be"),
        ("model.level_widths=[]", "model.level_widths must be a list of at least 1"),
        ("model.upper_dims=[0]", "model.upper_dims must be greater than 0"),
        ("+model.posterior={_target_: aecli.latents.priors.standard.Standard}", "model.posterior"),
    ],
)
def test_what_it_cannot_take_is_refused(compose, override, words):
    with pytest.raises(BadRequest, match=words.replace("[", r"\[")) as refusal:
        build.model(compose("model=ladder_vae", override), (8, 8, 1))
    assert len(str(refusal.value).splitlines()) <= 2
