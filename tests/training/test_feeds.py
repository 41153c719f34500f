"""Resident feed = streaming feed = stock Keras fit on NumPy arrays, with the same batches."""

import numpy as np
import pytest

from aecli import build
from aecli.datasets.base import Split, Splits
from aecli.training.callbacks.clock import Clock
from aecli.training.feed import Preparation, epoch_order
from aecli.training.resident import ResidentFeed
from aecli.training.streaming import StreamingFeed

CASES = [
    ["trainer.jit_compile=true"],
    ["trainer.jit_compile=false", "model=vae"],
    ["trainer.jit_compile=false", "model=sparse_kl", "noise=gaussian"],
    ["trainer.jit_compile=false", "network=conv", "network.filters=[4]", "noise=masking"],
    ["trainer.jit_compile=false", "augment=[flip,shift,crop,colour]", "noise=speckle"],
    ["trainer.jit_compile=true", "schedule=cosine", "optimizer=rmsprop", "trainer.steps=7"],
]


def splits_of(images, train=110, val=30):
    bytes_ = np.round(images * 255).astype("uint8")
    return Splits(Split(bytes_[:train]), Split(bytes_[-val:]), Split(bytes_[-val:]), "digits")


def fitted(config, splits, kind):
    """(history, weights) after training through one feed."""
    trainer = build.component({**build.plain(config.trainer), "feed": kind}, "trainer")
    images = len(splits.train)
    model = build.model(config, splits.data_shape)
    steps = trainer.total_steps(images)
    optimizer = build.optimizer(config, steps, trainer.steps_per_epoch(images))
    feed = trainer.make_feed(splits, build.preparation(config))
    assert feed.kind == kind
    history = trainer.fit(model, {"model": optimizer}, feed, images)
    return history.history, model


def same(first, second, tolerance):
    for name in first:
        if name != "seconds":
            np.testing.assert_allclose(first[name], second[name], rtol=tolerance, err_msg=name)


@pytest.mark.parametrize("overrides", CASES, ids=" ".join)
def test_resident_is_streaming(compose, images, overrides):
    """3 epochs of 110 images in batches of 32: the last batch has 14."""
    config = compose("trainer.batch_size=32", "trainer.epochs=3", *overrides)
    splits = splits_of(images)
    (resident, model), (streaming, other) = (
        fitted(config, splits, kind) for kind in ("resident", "streaming")
    )
    same(resident, streaming, 2e-4)
    for mine, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-2, atol=2e-4)
    steps = config.trainer.steps or 12
    assert int(model.optimizer.iterations) == int(other.optimizer.iterations) == steps


@pytest.mark.parametrize("kind", ["resident", "streaming"])
def test_each_feed_is_stock_fit_with_the_same_batches(compose, images, kind):
    config = compose("trainer.batch_size=32", "trainer.epochs=1", "trainer.jit_compile=false")
    splits = splits_of(images)
    ours, model = fitted(config, splits, kind)
    stock = build.model(config, splits.data_shape)
    stock.compile(build.optimizer(config, 4, 4), jit_compile=False)
    x = splits.train.pixels()[epoch_order(config.seed, 0, 110)]
    val = splits.val.pixels()
    theirs = stock.fit(x, x, batch_size=32, shuffle=False, verbose=0, validation_data=(val, val))
    same(theirs.history, ours, 1e-5)
    for mine, other in zip(model.get_weights(), stock.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_chunks_change_nothing(compose, images, monkeypatch):
    """Callbacks fire once a chunk; the weights are the same bits for any length of it."""
    config = compose("trainer.batch_size=32", "trainer.epochs=2", "model=vae")
    splits = splits_of(images)
    _, whole = fitted(config, splits, "resident")
    for chunk, steps in {1: [1, 2, 4, 5, 6, 8], 2: [2, 4, 6, 8], 3: [4, 8]}.items():
        monkeypatch.setattr(
            ResidentFeed, "_steps_a_chunk", lambda self, chunk=chunk: self._time(0) and chunk
        )
        seen = []
        monkeypatch.setattr(Clock, "on_train_batch_end", lambda self, batch, logs, seen=seen:
            seen.append(self._feed.steps_after(batch)))  # fmt: skip
        _, cut = fitted(config, splits, "resident")
        assert seen == steps
        for mine, theirs in zip(whole.get_weights(), cut.get_weights(), strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_xla_corrupts_and_samples_too(compose, images):
    """XLA is given the same noise and draws as TensorFlow's kernels; only rounding differs."""
    config = compose("model=vae", "noise=gaussian", "trainer.epochs=20", "trainer.batch_size=32")
    splits = splits_of(images)
    plain = compose("model=vae", "noise=gaussian", "trainer.epochs=20", "trainer.batch_size=32",
                    "trainer.jit_compile=false")  # fmt: skip
    (xla, _), (kernels, _) = (fitted(c, splits, "resident") for c in (config, plain))
    assert xla["loss"] == pytest.approx(kernels["loss"], rel=1e-4)
    assert xla["loss"][-1] < 0.8 * xla["loss"][0]


def test_the_model_is_keras_own_again_after_the_training(compose, images):
    _, model = fitted(compose("trainer.epochs=1"), splits_of(images), "resident")
    loss = model.evaluate(images, images, verbose=0, return_dict=True)["loss"]
    assert loss == pytest.approx(model.score(images)["loss"].mean(), rel=1e-5)
    model.fit(images, images, verbose=0)


def test_fewer_images_than_a_batch(compose, images):
    config = compose("trainer.epochs=2", "trainer.batch_size=64")
    history, model = fitted(config, splits_of(images, train=10), "resident")
    assert int(model.optimizer.iterations) == 2
    assert np.isfinite(history["val_loss"]).all()


def test_auto_is_resident_where_it_fits(compose, images, monkeypatch):
    from aecli.training import trainer as room

    trainer = build.component(compose().trainer, "trainer")
    preparation = Preparation(noise=build.component(compose().noise, "noise"))
    assert isinstance(trainer.make_feed(splits_of(images), preparation), ResidentFeed)
    monkeypatch.setattr(room, "_fits", lambda splits: False)
    assert isinstance(trainer.make_feed(splits_of(images), preparation), StreamingFeed)
