"""Proofs of lookup-free quantisation."""

import numpy as np
import tensorflow as tf
from scipy import stats
from scipy.special import softmax

from aecli.losses.mse import MSE
from aecli.models import lfq
from aecli.models.batch import Batch
from aecli.models.lfq import LFQ, MOMENTUM
from aecli.networks.conv import Conv
from aecli.proofs.base import at_least, close, proof, same

D, K = 3, 8


def _model(**settings) -> tuple[LFQ, Batch]:
    model = LFQ(
        data_shape=(4, 6, 1), network=Conv(filters=[4]), reconstruction_loss=MSE(), latent_dim=D,
        **{"inverse_temperature": 2.0, **settings},
    )  # fmt: skip
    x = np.random.default_rng(0).normal(size=(20, 4, 6, 1)).astype("float32")
    return model, Batch(x, x)


def _brute_force(model, z_e) -> np.ndarray:
    """softmax over the codes of 2 tau z.c, [B, cells, K]."""
    codes = np.asarray(model.codebook.table())[0].astype("float64")
    z_e = np.asarray(z_e, "float64").reshape(len(z_e), -1, D)
    return softmax(2 * model.inverse_temperature * z_e @ codes.T, axis=-1)


@proof("factorised probabilities and entropies = the softmax over all codes")
def brute_force():
    model, _ = _model()
    z_e = np.random.default_rng(1).normal(size=(5, 6, D)).astype("float32")
    known = _brute_force(model, z_e)
    logits = tf.constant(4 * 2.0 * z_e)
    yield close(lfq.probabilities(logits), known, atol=1e-5)
    yield close(lfq.entropy_of_signs(logits), stats.entropy(known, axis=-1), atol=1e-5)
    sure = lfq.entropy_of_signs(tf.constant([[400.0, -400.0], [0.0, 0.0]]))
    yield close(sure, [0.0, 2 * np.log(2)], atol=1e-6)


@proof("entropy of uniform shares = log K; of any, SciPy's; of one code, 0")
def of_shares():
    yield close(lfq.entropy(tf.fill([K], 1 / K)), np.log(K), rtol=1e-6)
    share = np.random.default_rng(0).dirichlet(np.ones(K)).astype("float32")
    yield close(lfq.entropy(tf.constant(share)), stats.entropy(share), rtol=1e-5)
    yield same(lfq.entropy(tf.one_hot(2, K)), 0.0)


@proof("terms of a training batch = brute force; of evaluation, the shares that are remembered")
def terms():
    model, batch = _model(weight=0.3, diversity=0.7, beta=0.6)
    out = model.forward(batch, training=True)
    known = _brute_force(model, out["z_e"])
    mean = known.mean(axis=(0, 1))
    z_e = np.asarray(out["z_e"])
    commitment = np.square(z_e - np.where(z_e > 0, 1, -1)).sum(axis=(1, 2, 3))
    sure = stats.entropy(known, axis=-1).sum(-1)
    loss, found, _ = model.objective(batch, out, training=True)
    entropy = sure - 0.7 * 6 * stats.entropy(mean)
    yield close(found["commitment"], commitment, rtol=1e-5)
    yield close(found["entropy"], entropy, atol=1e-4)
    yield close(loss, found["reconstruction"] + 0.6 * commitment + 0.3 * entropy, rtol=1e-4)
    running = MOMENTUM / K + (1 - MOMENTUM) * mean
    yield close(model.running_share, running, rtol=1e-5)
    share = np.random.default_rng(0).dirichlet(np.ones(K))
    model.running_share.assign(share)
    yield close(
        model.score(batch.x[:3])["entropy"], sure[:3] - 4.2 * stats.entropy(share), atol=1e-4
    )
    yield close(model.running_share, share, rtol=1e-6)


@proof("gradients: straight through 1; the commitment pulls to the signs; diversity spreads")
def gradients():
    model, batch = _model(weight=1.0, diversity=5.0)
    with tf.GradientTape(persistent=True) as tape:
        out = model.forward(batch, training=True)
        value = tf.reduce_sum(tf.sin(3 * out["z"]))
        terms = model.objective(batch, out, training=True)[1]
        commitment, entropy = tf.reduce_sum(terms["commitment"]), tf.reduce_sum(terms["entropy"])
    yield close(tape.gradient(value, out["z_e"]), 3 * np.cos(3 * out["z"]), atol=1e-5)
    signs = np.where(np.asarray(out["z_e"]) > 0, 1.0, -1.0)
    yield same(out["z"], signs)
    pull = 2 * (np.asarray(out["z_e"]) - signs)
    yield close(tape.gradient(commitment, out["z_e"]), pull, atol=1e-5)
    slope = np.asarray(tape.gradient(entropy, out["z_e"]))

    def of(z_e):
        return float(
            tf.reduce_sum(model.penalties(batch, {"z_e": z_e}, training=True)["entropy"][1])
        )

    place = np.unravel_index(np.abs(slope).argmax(), slope.shape)
    step = np.zeros_like(slope)
    step[place] = 1e-2
    difference = (of(out["z_e"] + step) - of(out["z_e"] - step)) / 2e-2
    yield close(slope[place], difference, rtol=0.02, atol=1e-3)
    yield at_least(abs(difference), 0.05)
