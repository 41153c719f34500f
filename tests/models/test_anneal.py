"""Weights that rise: values at the ends of periods, free bits, a capacity, exact resume."""

import numpy as np
import pytest
import tensorflow as tf
from same_runs import differing

from aecli import build
from aecli.divergences import gaussian_kl_of_units
from aecli.errors import BadRequest
from aecli.latents.anneal.capacity import Capacity
from aecli.latents.anneal.cyclical import Cyclical
from aecli.latents.anneal.linear import Linear
from aecli.models.batch import Batch


@pytest.mark.parametrize(
    ("anneal", "expected"),
    [
        (Linear(), {0: 0, 2: 0.5, 4: 1, 9: 1}),
        (Cyclical(periods=2), {0: 0, 1: 0.5, 2: 1, 3.99: 1, 4: 0, 5: 0.5, 7.99: 1, 8: 1, 9: 1}),
        (Cyclical(periods=3, rise=1.0), {1: 0.25, 4: 0, 11: 0.75, 12: 1}),
    ],
)
def test_the_factor_at_the_ends_of_periods(anneal, expected):
    for progress, value in expected.items():
        factor = anneal.factor(tf.constant(progress, tf.float32), 4)
        assert float(factor) == pytest.approx(value, abs=1e-6)
    assert anneal.factor(None, 4) == anneal.factor(tf.constant(1.0), 0) == 1


def test_the_capacity_rises_to_its_end_and_stays():
    anneal = Capacity(final=20)
    found = [float(anneal.target(tf.constant(p), 5)) for p in (0.0, 1.0, 5.0, 50.0)]
    assert found == pytest.approx([0, 4, 20, 20])
    assert anneal.target(None, 5) == 20


def charged(model, x, progress=None, training=True):
    """-> mean charge, and its gradient with respect to the encoder's heads, of a batch of x."""
    batch = Batch(x, x, model.frozen_draws(len(x)), progress)
    out = model.forward(batch)
    heads = {name: tf.constant(out[name]) for name in ("mean", "log_var")}
    with tf.GradientTape() as tape:
        tape.watch(heads)
        weight, term = next(iter(model.penalties(batch, out | heads, training=training).values()))
        value = tf.reduce_mean(weight * term)
    return float(value), tape.gradient(value, heads), gaussian_kl_of_units(**heads).numpy()


def test_free_bits_charge_for_the_mean_of_a_unit(compose, images):
    """sum_g max(free, mean KL_g); a unit below has no gradient (Kingma 2016, eq. 15)."""
    config = compose("model=vae", "model.latent_dim=5", "model.free_bits=0.2")
    model = build.model(config, (8, 8, 1))
    value, gradient, units = charged(model, images[:60])
    means = units.mean(axis=0)
    assert (means > 0.2).any()
    assert (means < 0.2).any()
    assert value == pytest.approx(np.maximum(means, 0.2).sum(), rel=1e-5)
    dead = np.abs(gradient["mean"]).sum(axis=0) == 0
    np.testing.assert_array_equal(dead, means < 0.2)


def test_no_free_bits_and_no_target_are_a_vae(compose, images):
    """In value, from what free bits of almost nothing charge for."""
    plain, almost = (
        build.model(compose("model=vae", f"model.free_bits={f}"), (8, 8, 1)) for f in (0, 1e-9)
    )
    assert plain.term_names() == ["reconstruction", "kl"]
    one, other = (charged(model, images[:60])[0] for model in (plain, almost))
    assert one == pytest.approx(other, rel=1e-6)


def test_a_capacity_is_a_distance_of_the_batchs_mean(compose, images):
    """|mean KL - C|: the gradient turns round where the mean passes C (Burgess 2018, eq. 8)."""
    overrides = ["model=vae", "model/anneal=capacity", "model.beta=3", "model.warmup_epochs=10"]
    model = build.model(compose(*overrides, "model.anneal.final=1000"), (8, 8, 1))
    x = images[:60]
    low, down, units = charged(model, x, progress=0.0)  # C = 0: as the KL itself
    kl = units.sum(axis=1).mean()
    assert low == pytest.approx(3 * kl, rel=1e-5)
    high, up, _ = charged(model, x, progress=1.0)  # C = 100
    assert high == pytest.approx(3 * (100 - kl), rel=1e-5)
    np.testing.assert_allclose(up["mean"], -down["mean"], rtol=1e-5)
    value, _, _ = charged(model, x, training=False)  # at its end, of the training's mean
    assert value == pytest.approx(3 * (1000 - kl), rel=1e-4)
    assert model.score(x)["kl_charged"].shape == (60,)


@pytest.mark.parametrize("free", [0.0, 0.3])
def test_a_capacity_between_the_kls_of_a_batch_is_one_distance_for_all(compose, images, free):
    """|sum_g max(free, mean KL_g) - C| where single examples lie on both sides of C."""
    words = ["model=vae", "model.latent_dim=5", "model/anneal=capacity", f"model.free_bits={free}"]
    for over in (0.05, -0.05):  # from the batch's charge to C
        units = charged(build.model(compose(*words), (8, 8, 1)), images[:60])[2]
        charge = np.maximum(units.mean(axis=0), free).sum()
        assert free == 0 or charge - units.mean(axis=0).sum() > 2 * abs(over)
        single = units.sum(axis=1)
        assert free > 0 or single.min() < charge + over < single.max()
        model = build.model(compose(*words, f"model.anneal.final={charge + over}"), (8, 8, 1))
        for training in (True, False):  # the second of the mean of the first
            value, gradient, _ = charged(model, images[:60], training=training)
            assert value == pytest.approx(abs(over), abs=1e-4)
            if training:
                above = units.mean(axis=0) > free
                assert above.any()
                signs = np.sign(gradient["log_var"]) * np.sign(np.exp(heads_of(model, images)) - 1)
                np.testing.assert_array_equal(signs[:, above], -np.sign(over))


def heads_of(model, images):
    return model.infer(Batch(images[:60], images[:60]))["log_var"].numpy()


@pytest.mark.parametrize("setting", ["model.free_bits=0.2", "model/anneal=capacity"])
def test_evaluation_has_the_trainings_running_mean_and_no_neighbours(compose, images, setting):
    """The mean of all steps at first, then of the last 100 or so, each 0.01 of it."""
    words = ["model=vae", "model.latent_dim=5", setting]
    model = build.model(compose(*words), (8, 8, 1))
    means = np.random.default_rng(0).gamma(0.5, size=(130, 5)).astype("float32")
    expected = means[:100].mean(axis=0)
    for i, mean in enumerate(means):
        model._remember(tf.constant(mean))
        if i == 99:
            np.testing.assert_allclose(model.running_kl, expected, rtol=1e-4)
        if i >= 100:
            expected = 0.99 * expected + 0.01 * mean
    np.testing.assert_allclose(model.running_kl, expected, rtol=1e-4)
    assert (expected > 0.2).any()
    model.running_kl.assign(np.array([1.0, 0.1, 0.3, 0.0, 0.19]))
    x = images[:20]
    found, units = model.score(x)["kl_charged"], model.kl_of_units(x)
    if setting == "model.free_bits=0.2":
        np.testing.assert_allclose(found, units[:, [0, 2]].sum(axis=1) + 3 * 0.2, rtol=1e-5)
    else:
        np.testing.assert_allclose(found, 25 - 1.59, rtol=1e-5)
    np.testing.assert_allclose(model.score(x[:3])["kl_charged"], found[:3], rtol=1e-6)


@pytest.mark.parametrize(
    "overrides",
    [pytest.param(["model/anneal=cyclical"], marks=pytest.mark.slow),
     pytest.param(["model/anneal=capacity", "model.anneal.final=3"], marks=pytest.mark.slow),
     ["model.free_bits=0.3"]],
    ids=["cyclical", "capacity", "free bits"],
)  # fmt: skip
def test_a_stop_inside_a_period_costs_nothing(lab, monkeypatch, overrides):
    from aecli.training.resident import ResidentFeed

    monkeypatch.setattr(ResidentFeed, "_steps_a_chunk", lambda self: self._time(0) and 1)
    words = ["model=vae", "model.warmup_epochs=2", "trainer.batch_size=40", "trainer.epochs=3"]
    whole = lab.train(*words, *overrides)
    part = lab.interrupted(*words, *overrides, after=6)
    lab.resume(part)
    assert differing(whole, part) == []


@pytest.mark.parametrize("name", ["iwae", "ladder_vae"])
@pytest.mark.parametrize("setting", ["model.free_bits=0.1", "model/anneal=capacity"])
def test_models_that_have_no_such_charge_say_so(compose, name, setting):
    with pytest.raises(BadRequest, match="are not for"):
        build.model(compose(f"model={name}", setting), (8, 8, 1))


def test_a_flow_has_no_kl_of_units_to_charge_for(compose):
    with pytest.raises(BadRequest, match="model/posterior=gaussian"):
        build.model(compose("model=vae", "model/posterior=iaf", "model.free_bits=0.1"), (8, 8, 1))
