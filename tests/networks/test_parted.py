"""A batch that is taken in parts gives what it gives as a whole."""

import numpy as np
import pytest
import tensorflow as tf

from aecli import build
from aecli.networks import parted


def test_parts_give_the_same_losses_and_gradients(compose, monkeypatch):
    config = compose("network=conv", "network.filters=[4,16]", "model=vae")
    model = build.model(config, (8, 8, 1))
    x = tf.random.stateless_uniform((65, 8, 8, 1), [0, 1])
    given, found = [], []

    def step():
        batch = model._batch(x, None)
        with tf.GradientTape() as tape:
            loss, _, _ = model.objective(batch, model.forward(batch))
        return loss, tape.gradient(loss, [v.value for v in model.trainable_variables])

    for count in (1, 2):
        monkeypatch.setattr(parted, "parts", lambda count=count: count)
        function = tf.function(step, autograph=False).get_concrete_function()
        kinds = [op.type for op in function.graph.get_operations()]
        given.append(kinds.count("Conv2D"))
        found.append(tf.nest.flatten(function()))
    assert given[1] > given[0]
    for whole, in_parts in zip(*found, strict=True):
        np.testing.assert_allclose(whole, in_parts, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("overrides", "images", "threads", "expected"),
    [
        ([], 1000, 2, True),
        ([], 1000, 1, False),
        ([], 1000, 3, False),  # 21 examples each
        ([], 50, 2, False),
        (["network=mlp"], 1000, 2, False),
        (["trainer.jit_compile=true"], 1000, 2, False),
        (["trainer.strategy=mirrored"], 1000, 2, False),
    ],
)
def test_where_threads_take_parts(compose, overrides, images, threads, expected):
    config = compose("network=conv", "trainer.batch_size=64", *overrides)
    trainer = build.component(config.trainer, "trainer")
    network = build.component(config.network, "network")
    assert trainer.takes_parts(network, images, threads) is expected
