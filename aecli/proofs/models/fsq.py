"""Proofs of finite scalar quantisation."""

import numpy as np
import tensorflow as tf

from aecli.losses.mse import MSE
from aecli.models.batch import Batch
from aecli.models.fsq import FSQ
from aecli.networks.conv import Conv
from aecli.proofs.base import at_least, close, proof, same


def _model(levels=(8, 5, 4)) -> tuple[FSQ, Batch]:
    model = FSQ(
        data_shape=(4, 6, 1), network=Conv(filters=[4]), reconstruction_loss=MSE(),
        levels=[*levels],
    )  # fmt: skip
    x = np.random.default_rng(0).normal(size=(20, 4, 6, 1)).astype("float32")
    return model, Batch(x, x)


@proof("z_e = 0 is the middle code, whose unit is 0, of even and odd levels")
def middle():
    model, _ = _model()
    z = np.asarray(model.bounded(np.zeros((1, 2, 3, 3), "float32")))
    yield close(z, 0.0, atol=1e-6)
    yield same(model.codebook(z)[1], 4 + 8 * (2 + 5 * 2))
    yield same(model.codebook(z)[0], 0.0)


@proof("the range of a unit = (L - 1)(1 + eps) / 2 about its values, all of which are reached")
def reach():
    model, _ = _model()
    z = np.linspace(-12, 12, 4001, dtype="float32")[:, None] * np.ones(3, "float32")
    bounded = np.asarray(model.bounded(z))
    ends = {8: (-4.0035, 3.0035), 5: (-2.002, 2.002), 4: (-2.0015, 1.0015)}
    for unit, (count, (low, high)) in enumerate(ends.items()):
        yield close(bounded[[0, -1], unit] * (count // 2), [low, high], atol=1e-4)
        digits = np.asarray(model.codebook(bounded)[0])[:, unit]
        yield same(len(np.unique(digits)), count)


@proof("squeezing = atanh in its shift: by hand at one point, and its slope")
def by_hand():
    model, _ = _model()
    h, o = 3.5035, 0.5  # of 8 levels
    z = tf.constant([[0.3, 0.3, 0.3]])
    with tf.GradientTape() as tape:
        tape.watch(z)
        b = model.bounded(z)[:, 0]
    inner = 0.3 + 0.5 * np.log((1 + o / h) / (1 - o / h))
    yield close(b, (np.tanh(inner) * h - o) / 4, rtol=1e-5)
    slope = tf.convert_to_tensor(tape.gradient(b, z))[:, 0]
    yield close(slope, h * (1 - np.tanh(inner) ** 2) / 4, rtol=1e-5)


@proof("straight through: the gradient at the code = at what was rounded; the code is rounded")
def straight_through():
    model, batch = _model()
    with tf.GradientTape() as tape:
        out = model.forward(batch, training=True)
        value = tf.reduce_sum(tf.sin(3 * out["z"]))
    yield close(tape.gradient(value, out["z_e"]), 3 * np.cos(3 * out["z"]), atol=1e-5)
    whole = np.asarray(out["z"]) * [4, 2, 2]
    yield close(whole, np.round(whole), atol=1e-6)
    yield same(model.infer(batch)["z"], out["z"])
    loss, terms, _ = model.objective(batch, out)
    yield same(loss, terms["reconstruction"])
    yield same(list(terms) == ["reconstruction"], True)


@proof("numbers of all codes: there and back through the model")
def numbers():
    model, batch = _model()
    count = model.codebook_size
    yield same(count, 160)
    indices = np.arange(6 * count, dtype="int32").reshape(count, 2, 3) % count
    codes = model.look_up(indices)
    yield same(model.nearest(codes), codes)
    yield same(model.codebook(codes)[1], indices)
    chosen = model.encode_indices(batch.x)
    yield same(model.decode_indices(chosen), model.reconstruct(batch.x))
    yield at_least(len(np.unique(chosen)), 3)
    yield close(model.params(codes), model.decoder(codes + 1.0), atol=1e-6)
    counts = model.counted(chosen)
    yield same(counts, np.bincount(chosen.ravel(), minlength=count)[None])
