"""Deep SVDD: its objective in NumPy, its centre, its guards, and that it tells digits apart."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from aecli import build, runs
from aecli.commands.train import train
from aecli.errors import NotApplicable
from aecli.metrics.detection import scores
from aecli.models.batch import Batch
from aecli.training.step import train_step

NAMES = {"model": "deep_svdd", "dataset": "digits", "noise": "none", "experiment": None}


def made(compose, *words: str):
    words = ["model=deep_svdd", "model.latent_dim=6", "network.widths=[12]", *words]
    return build.model(compose(*words), (8, 8, 1))


def batch_of(x, progress: float = 0.0) -> Batch:
    return Batch(x, x, {}, progress)


def stepped(model, *batches: Batch, rate: float = 1e-2):
    optimizers = {player: keras.optimizers.Adam(rate) for player in model.players}
    for player, optimizer in optimizers.items():
        optimizer.build(model.variables_of(player))
    model.compile(optimizers["model"])

    def step(x, progress):
        train_step(model, optimizers, Batch(x, x, {}, progress))

    compiled = tf.function(step, autograph=False)
    for batch in batches:
        compiled(tf.constant(batch.x), tf.constant(batch.progress, "float32"))
    return model


def moved_from_0(mean, spread, margin=0.1):
    """The centre, as the paper's code moves it, in the spread of a unit."""
    least = margin * np.sqrt(spread / mean.size)
    return np.where(np.abs(mean) < least, np.where(mean < 0, -least, least), mean)


def test_the_loss_is_equation_4(compose, images):
    model = made(compose, "model.weight_decay=0.01")
    first = model.encode(images[:50]).astype("float64")
    stepped(model, batch_of(images[:50]), rate=0.0)
    mean, spread = first.mean(0), first.var(0).sum()
    centre = moved_from_0(mean, spread)
    assert np.asarray(model.centre) == pytest.approx(centre, rel=1e-4)
    assert (np.abs(np.asarray(model.centre)) >= 0.0999 * np.sqrt(spread / 6)).all()
    z = model.encode(images[50:80]).astype("float64")
    distance = ((z - centre) ** 2).sum(1) / spread
    kernels = [w.numpy() for w in model.encoder.weights if len(w.shape) == 2]
    decay = 0.5 * sum((kernel.astype("float64") ** 2).sum() for kernel in kernels)
    score = model.score(images[50:80])
    assert score["distance"] == pytest.approx(distance, rel=1e-3)
    assert score["loss"] == pytest.approx(distance + 0.01 * decay, rel=1e-3)


def test_a_centre_near_0_is_moved_away_on_its_own_side(compose):
    model = made(compose, "model.margin=0.2")
    mean = np.array([-0.01, 0.01, 0.0, 0.5, -0.5, 0.1])
    model.code_mean.assign(mean)
    model.spread.assign(0.24)
    assert np.asarray(model.centre) == pytest.approx([-0.04, 0.04, 0.04, 0.5, -0.5, 0.1])


def test_the_centre_is_fixed_by_the_first_batch_and_codes_come_to_it(compose, images):
    model = stepped(made(compose), batch_of(images[:50]))
    centre = np.asarray(model.centre)
    later = [batch_of(images[50:150], 0.01 * i) for i in range(1, 60)]
    before = model.score(images[150:])["distance"].mean()
    stepped(model, *later)
    np.testing.assert_array_equal(np.asarray(model.centre), centre)
    assert model.score(images[150:])["distance"].mean() < 0.5 * before


def test_no_bias_of_the_encoder_is_trained(compose, images):
    for network in ("mlp", "conv"):
        words = [f"network={network}", "model=deep_svdd", "trainer.jit_compile=false"]
        words += ["network.filters=[4]"] if network == "conv" else ["network.widths=[5]"]
        model = build.model(compose(*words), (8, 8, 1))
        stepped(model, *[batch_of(images[:50])] * 3)
        biases = [v for v in model.encoder.variables if len(v.shape) == 1]
        assert biases
        assert not any(np.any(v.numpy()) for v in biases)
        if network == "mlp":
            assert not np.any(model.encode(np.zeros((1, 8, 8, 1), "float32")))


def test_the_decoder_moves_no_code(compose, images):
    """Its gradient is its own: with the encoder at rest it learns, and codes stay."""
    model = made(compose)
    batch = batch_of(images[:60])
    with tf.GradientTape(persistent=True) as tape:
        out = model.forward(batch, training=True)
        loss = tf.reduce_mean(model.objective(batch, out, training=True)[0])
    weights = [v.value for v in model.decoder.trainable_variables]
    assert all(gradient is None for gradient in tape.gradient(loss, weights))
    before = model.score(images[:60])["reconstruction"].mean()
    stepped(model, *[batch] * 30)
    assert model.score(images[:60])["reconstruction"].mean() < before


def test_pretraining_is_an_autoencoder_whose_epochs_are_never_the_best(compose, images):
    model = made(compose, "model.pretrain_epochs=1")
    early = [batch_of(images[:100], 0.01 * i) for i in range(60)]
    before = model.score(images[:100])["reconstruction"].mean()
    stepped(model, *early)
    pretraining = model.score(images[:100])
    assert pretraining["reconstruction"].mean() < 0.8 * before
    out = model.forward(early[-1], training=True)
    loss, terms, _ = model.objective(early[-1], out, training=True)
    np.testing.assert_array_equal(loss, terms["reconstruction"])
    mean = model.encode(images[:100]).mean(0)
    assert np.asarray(model.code_mean) == pytest.approx(mean, abs=0.5 * float(np.abs(mean).max()))
    stepped(model, *[batch_of(images[:100], 1.0 + 0.01 * i) for i in range(20)])
    after = model.score(images[:100])
    assert after["loss"].mean() < 1.0 < pretraining["loss"].mean()
    assert after["loss"] == pytest.approx(after["distance"], rel=1e-2)


def test_the_soft_boundary_is_equation_3(compose, images):
    model = made(compose, "model.nu=0.2", "model.weight_decay=0")
    stepped(model, *[batch_of(images[:100], 0.01 * i) for i in range(5)])
    radius = float(model.radius.numpy())
    score = model.score(images[100:])
    beyond = np.maximum(0, score["distance"] - radius)
    assert 0 < radius < score["distance"].max()
    assert score["loss"] == pytest.approx(radius + beyond / 0.2, rel=1e-5)
    stepped(model, *[batch_of(images[:100], 1.0)] * 700, rate=0.0)
    share = (model.score(images[:100])["distance"] > model.radius.numpy()).mean()
    assert share == pytest.approx(0.2, abs=0.03)


def test_a_collapsed_code_is_said_and_refused(compose, tmp_path):
    words = [
        "model=deep_svdd", "model.weight_decay=1000", "optimizer.learning_rate=0.1", "figures=[]",
        "dataset.limit=300", "trainer.epochs=30", "trainer.jit_compile=false", "loss=mse",
        "callbacks=[]", f"outputs={tmp_path}",
    ]  # fmt: skip
    run = train(compose(*words), NAMES, words)
    assert any("have the same code: the model has collapsed" in w for w in run.status["warnings"])
    again = runs.Run(run.folder)
    with pytest.raises(NotApplicable, match="the model has collapsed"):
        scores.scored(again, again.splits.test.pixels(), "distance")


def test_zeros_are_told_from_other_digits(compose, tmp_path):
    words = [
        "model=deep_svdd", "dataset.classes=[0]", "network.widths=[32]", "model.latent_dim=16",
        "trainer.epochs=30", "trainer.batch_size=16", "trainer.jit_compile=false", "loss=mse",
        "figures=[]", "metrics=[outliers]", f"outputs={tmp_path}",
    ]  # fmt: skip
    run = train(compose(*words), NAMES, words)
    assert run.status["warnings"] == []
    assert json.loads((run.folder / "metrics.json").read_text())["auroc"] > 0.95
