"""Sums over a batch that replicas share are those of the whole batch."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from aecli import build
from aecli.models import batch as batches
from aecli.models.batch import Batch, Share
from aecli.training.step import Shared, train_step
from aecli.training.strategy import _part_of_mean, _rows


@pytest.mark.parametrize(("size", "count"), [(7, 2), (7, 3), (2, 3), (1, 2), (6, 1)])
def test_what_replicas_have_adds_up_to_the_batch(monkeypatch, size, count):
    monkeypatch.setattr(batches, "_all_sum", lambda x: x)
    x = np.random.default_rng(0).normal(size=(size, 2, 3)).astype("float32")
    total, mean, rows, parts, own, counted = 0.0, 0.0, 0.0, 0.0, [], []
    for number in range(count):
        first, last, counts = _rows(number, size, count)
        mine = tf.constant(x[first:last])
        with batches.sharing(Share(first, last, size, counts)):
            total += batches.batch_sum(mine).numpy()
            mean += batches.batch_mean(mine).numpy()
            rows += batches.batch_rows(mine).numpy()
            np.testing.assert_array_equal(batches.own_rows(x), mine)
        parts += float(_part_of_mean(tf.reduce_sum(mine, axis=(1, 2)), counts, size))
        counted += [float(counts)]
        own += [*range(first, last)] if counts else []
    assert own == list(range(size))
    assert sum(counted) == min(size, count)
    np.testing.assert_allclose(total, x.sum(axis=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(mean, x.mean(axis=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(rows, x)
    assert parts == pytest.approx(x.sum(axis=(1, 2)).mean(), rel=1e-5)
    np.testing.assert_array_equal(batches.own_rows(x), x)  # nothing is shared any more
    np.testing.assert_allclose(batches.batch_mean(x), x.mean(axis=0), rtol=1e-5, atol=1e-6)


def test_the_rows_of_a_batch_have_no_gradient_and_its_mean_has_one():
    x = tf.constant(np.random.default_rng(0).normal(size=(5, 2)))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        rows = tf.reduce_sum(batches.batch_rows(x))
        all_rows = tf.reduce_sum(batches.batch_rows(x, with_gradient=True))
        mean = tf.reduce_sum(batches.batch_mean(x))
    assert tape.gradient(rows, x) is None
    np.testing.assert_array_equal(tape.gradient(all_rows, x), np.ones((5, 2)))
    np.testing.assert_allclose(tape.gradient(mean, x), np.full((5, 2), 0.2))


def stepped(compose, x, shared=None):
    """The model and the critic after a step, and what was added to the epoch's figures."""
    words = ["model=factor_vae", "model.critic_widths=[4]", "network.widths=[6]"]
    model = build.model(compose(*words, "model.free_bits=0.1"), (8, 8, 1))
    optimizers = {player: keras.optimizers.SGD(1e-2) for player in model.players}
    for player, optimizer in optimizers.items():
        optimizer.build(model.variables_of(player))
    model.compile(optimizers["model"])
    for rows in (x, x[:3]):
        share = None if shared is None else shared(len(rows))
        train_step(model, optimizers, Batch(rows, rows, model.frozen_draws(len(rows))), share)
    figures = {tracker.name: float(tracker.result()) for tracker in model.metrics}
    return [v.numpy() for v in model.trainable_variables], figures


def test_a_step_of_the_only_replica_is_a_step_and_one_that_counts_nothing_is_none(compose, images):
    x = images[:9]

    def sharing(counts):
        return lambda size: Shared(
            size, counts, lambda term: _part_of_mean(term, counts, size), lambda nest: nest
        )

    (weights, figures), (same, its) = (
        stepped(compose, x, shared) for shared in (None, sharing(1.0))
    )
    assert its == pytest.approx(figures, rel=1e-5)
    for value, other in zip(weights, same, strict=True):
        np.testing.assert_allclose(other, value, rtol=1e-4, atol=1e-6)
    assert {"loss", "tc", "kl", "critic_loss"} <= figures.keys()
    still, none = stepped(compose, x, sharing(0.0))
    assert set(none.values()) == {0.0}
    start = build.model(
        compose("model=factor_vae", "model.critic_widths=[4]", "network.widths=[6]"), (8, 8, 1)
    )
    for value, first in zip(still, start.trainable_variables, strict=True):
        np.testing.assert_array_equal(value, first)


def test_an_epochs_figures_are_means_over_its_examples(compose, images):
    """Of batches of 9 and 3, with weights that do not move: the mean over all 12."""
    words = ["model=vae", "network.widths=[6]"]
    model, x = build.model(compose(*words), (8, 8, 1)), images[:12]
    optimizer = keras.optimizers.SGD(0.0)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer)
    draws = model.frozen_draws(12)["z"]
    for rows in (slice(0, 9), slice(9, 12)):
        train_step(model, {"model": optimizer}, Batch(x[rows], x[rows], {"z": draws[rows]}))
    score = model.score(x)
    found = {tracker.name: float(tracker.result()) for tracker in model.metrics}
    for name in ("loss", "reconstruction", "kl"):
        assert found[name] == pytest.approx(score[name].mean(), rel=1e-5)
