"""FactorVAE: gamma 0 is a VAE; the critic finds the total correlation; both optimizers resume."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from same_runs import differing

from aecli import build
from aecli.models.batch import Batch
from aecli.training import state as states

LITTLE = ["model=factor_vae", "model.critic_widths=[16]", "trainer.batch_size=40"]


def test_gamma_0_is_a_vae(lab):
    """But for rounding (1e-7 seen), beside a critic that is trained; gamma 0.1 moves 1e-3."""
    vae = lab.train("model=vae", "model.latent_dim=10", "trainer.epochs=2", *LITTLE[2:])
    factor = lab.train(*LITTLE, "model.gamma=0", "trainer.epochs=2")
    one, other = (
        states.read_file(run / "checkpoints" / states.LAST).tensors for run in (vae, factor)
    )
    shared = [v for name, v in other["model"].items() if "critic" not in name]
    assert len(shared) == len(one["model"]) > 4
    for value, same in zip(one["model"].values(), shared, strict=True):
        np.testing.assert_allclose(np.asarray(same), np.asarray(value), rtol=0, atol=1e-5)
    critic = [np.asarray(v) for n, v in other["optimizers"].items() if n.startswith("critic/")]
    assert any(np.any(values) for values in critic)


def test_the_critic_finds_the_total_correlation_of_a_gaussian(compose):
    """TC of N(0, R) = -1/2 log det R (Cover & Thomas 2006, ch. 8)."""
    config = compose("model=factor_vae", "model.latent_dim=3", "model.critic_widths=[64,64]")
    model = build.model(config, (8, 8, 1))
    r = np.array([[1.0, 0.8, 0.0], [0.8, 1.0, 0.3], [0.0, 0.3, 1.0]])
    truth, half = -0.5 * np.log(np.linalg.det(r)), np.linalg.cholesky(r).astype("float32")
    optimizer = keras.optimizers.Adam(3e-3)
    optimizer.build(model.critic.trainable_variables)

    @tf.function(jit_compile=True, autograph=False)
    def step(i):
        e, draws = (tf.random.stateless_normal((1024, 3), (k, i)) for k in (1, 2))
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model.critic_loss(e @ half.T, draws))
        weights = model.critic.trainable_variables
        optimizer.apply(tape.gradient(loss, [w.value for w in weights]), weights)

    for i in range(2000):
        step(tf.constant(i))
    z = np.random.default_rng(0).standard_normal((50_000, 3), dtype="float32") @ half.T
    found = np.asarray(model.logit(z))
    assert abs(found.mean() - truth) < 0.04  # it is 0.65


@pytest.mark.slow
def test_a_training_that_was_stopped_goes_on_bit_for_bit(lab, monkeypatch):
    from aecli.training.resident import ResidentFeed

    monkeypatch.setattr(ResidentFeed, "_steps_a_chunk", lambda self: self._time(0) and 1)
    overrides = [*LITTLE, "trainer.epochs=3", "critic_optimizer.learning_rate=0.01"]
    whole = lab.train(*overrides)
    part = lab.interrupted(*overrides, after=6)
    lab.resume(part)
    assert differing(whole, part) == []


def test_a_permutation_is_of_each_unit_on_its_own_over_the_second_half(compose):
    model = build.model(compose(*LITTLE[:2], "model.latent_dim=2"), (8, 8, 1))
    seen = []
    model.logit = lambda z: seen.append(np.asarray(z)) or z[:, 0]
    z = np.arange(14, dtype="float32").reshape(7, 2)
    model.critic_loss(z, np.random.default_rng(3).standard_normal((7, 2)).astype("float32"))
    np.testing.assert_array_equal(seen[0][:3], z[:3])
    permuted = seen[0][3:]
    np.testing.assert_array_equal(np.sort(permuted, axis=0), z[3:])
    assert not np.array_equal(permuted[:, 0] + 1, permuted[:, 1])


def test_both_losses_are_the_formulas_and_each_player_trains_its_own(compose, images):
    """Kim & Mnih 2018, algorithm 2, by hand, of a batch of 7: 3 as they are, 4 permuted."""
    words = [*LITTLE[:2], "model.latent_dim=2", "model.beta=2", "model.gamma=3"]
    model, x = build.model(compose(*words), (8, 8, 1)), images[:7]
    batch = Batch(x, x, model.frozen_draws(7))
    out = model.forward(batch, training=True)
    loss, terms, _ = model.objective(batch, out, training=True)
    z, draws = out["z"].numpy(), batch.draws["permutation"]
    np.testing.assert_allclose(terms["tc"], model.critic(z)[:, 0], rtol=1e-5)
    weighted = terms["reconstruction"] + 2 * terms["kl"] + 3 * terms["tc"]
    np.testing.assert_allclose(loss, weighted, rtol=1e-6)
    assert np.abs(terms["tc"]).min() > 1e-3
    columns = [z[3:, j][np.argsort(draws[3:, j])] for j in range(2)]
    logit = model.critic(np.concatenate([z[:3], np.stack(columns, axis=1)]))[:, 0].numpy()
    is_real = 1 / (1 + np.exp(-logit))  # the logit is high where a code is of q(z)
    expected = -np.log(np.where(np.arange(7) < 3, is_real, 1 - is_real))
    found, none, _ = model.objective(batch, out, player="critic", training=True)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert none == {}
    names = {player: {v.path for v in model.variables_of(player)} for player in model.players}
    assert names["critic"] == {v.path for v in model.critic.trainable_variables}
    parts = [*model.encoder.trainable_variables, *model.decoder.trainable_variables]
    assert names["model"] == {v.path for v in parts}
