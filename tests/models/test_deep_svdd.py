"""Deep SVDD: its guards, and that it tells digits apart."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from aecli import build, runs
from aecli.errors import NotApplicable
from aecli.fit.start import train
from aecli.metrics.detection import scores
from aecli.models.batch import Batch
from aecli.training.step import train_step

NAMES = {"model": "deep_svdd", "dataset": "digits", "noise": "none", "experiment": None}


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
