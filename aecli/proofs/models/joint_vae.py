"""Proofs of the JointVAE."""

import numpy as np
import tensorflow as tf
from scipy import special, stats

from aecli.latents import categorical
from aecli.losses.mse import MSE
from aecli.models.batch import Batch
from aecli.models.charged import KL_RATE
from aecli.models.joint_vae import KINDS, JointVAE
from aecli.networks.mlp import MLP
from aecli.proofs.base import at_least, close, mean_of, proof


def _model(**settings) -> tuple[JointVAE, Batch]:
    model = JointVAE(
        data_shape=(2, 3, 1), network=MLP(widths=[]), reconstruction_loss=MSE(), latent_dim=2,
        categories=[3, 4], **settings,
    )  # fmt: skip
    x = np.random.default_rng(0).normal(size=(20, 2, 3, 1)).astype("float32")
    return model, Batch(x, x, model.frozen_draws(20), progress=5.0)


def _kls(out) -> tuple[np.ndarray, np.ndarray]:
    code, log_var = np.asarray(out["code"], "float64"), np.asarray(out["log_var"], "float64")
    mean, one, two = code[:, :2], code[:, 2:5], code[:, 5:]
    continuous = 0.5 * (mean**2 + np.exp(log_var) - log_var - 1).sum(1)
    entropies = [stats.entropy(special.softmax(part, axis=1), axis=1) for part in (one, two)]
    return continuous, np.log(12) - sum(entropies)


@proof("charges of a training batch: their mean = |mean KL - C|, gradients of one sign")
def charges():
    settings = {"continuous_capacity": 0.4, "discrete_capacity": 6.0, "capacity_epochs": 10.0}
    model, batch = _model(gamma=3.0, **settings)
    with tf.GradientTape(persistent=True) as tape:
        out = model.forward(batch, training=True)
        loss, terms, watched = model.objective(batch, out, training=True)
        charged = [tf.reduce_mean(terms[f"kl_{kind}_charged"]) for kind in KINDS]
    continuous, discrete = _kls(out)
    yield close(watched["kl_continuous"], continuous, rtol=1e-4)
    yield close(watched["kl_discrete"], discrete, rtol=1e-4)
    known = abs(continuous.mean() - 0.2), abs(discrete.mean() - np.log(12))
    yield at_least(continuous.mean(), 0.3)  # above its capacity, the other below its cap
    yield close(charged, known, rtol=1e-4)
    total = terms["reconstruction"] + 3 * sum(terms[f"kl_{k}_charged"] for k in KINDS)
    yield close(loss, total, rtol=1e-5)
    found = tf.convert_to_tensor(tape.gradient(charged[0], out["code"]))[:, :2]
    yield close(found, np.asarray(out["code"])[:, :2] / 20, rtol=1e-3, atol=1e-6)
    slope = tf.convert_to_tensor(tape.gradient(charged[1], out["code"]))[:, 2:5]
    p = special.softmax(np.asarray(out["code"])[:, 2:5], axis=1)
    entropy = -(p * np.log(p)).sum(axis=1, keepdims=True)
    yield close(slope, -p * (np.log(p) + entropy) / 20, rtol=1e-3, atol=1e-5)  # it is to rise


@proof("capacities: 0, half, whole; the discrete one = at most the sum of log K")
def capacities():
    model, _ = _model(continuous_capacity=8.0, discrete_capacity=6.0, capacity_epochs=10.0)
    for progress, continuous, discrete in (
        (0.0, 0.0, 0.0), (2.5, 2.0, 1.5), (5.0, 4.0, np.log(12)), (None, 8.0, np.log(12)),
    ):  # fmt: skip
        yield close(model.capacities(progress), [continuous, discrete], rtol=1e-6)
    small, _ = _model(discrete_capacity=1.0)
    yield close(small.capacities(None)[1], 1.0)


@proof("charges in evaluation = of the running KLs, whatever the batch")
def evaluation():
    model, batch = _model(continuous_capacity=1.0, discrete_capacity=0.5)
    means = []
    for _ in range(3):
        out = model.forward(batch, training=True)
        model.objective(batch, out, training=True)
        means.append([kl.mean() for kl in _kls(out)])
    yield close(model.running_kl, np.mean(means, axis=0), rtol=1e-4)
    model.running_steps.assign(1000.0)
    model.running_kl.assign([3.0, 0.2])
    scores = model.score(batch.x[:4])
    yield close(scores["kl_continuous_charged"], np.full(4, 2.0), rtol=1e-6)
    yield close(scores["kl_discrete_charged"], np.full(4, 0.3), rtol=1e-5)
    yield close(model.running_kl, [3.0, 0.2], rtol=1e-6)
    out = model.forward(batch, training=True)
    model.objective(batch, out, training=True)
    moved = (1 - KL_RATE) * np.array([3.0, 0.2]) + KL_RATE * np.array(means[-1])
    yield close(model.running_kl, moved, rtol=1e-4)


@proof("codes: relaxed in training, drawn in evaluation, mean and likeliest in encode")
def codes():
    model, batch = _model(temperature=0.8)
    heads = {name: head.numpy() for name, head in model.encoder(batch.x).items()}
    noise = np.asarray(categorical.gumbels(batch.draws["z"]))
    numbers = heads["code"][:, :2] + np.exp(heads["log_var"] / 2) * batch.draws["z"][:, :2]
    for training in (True, False):
        parts = [numbers]
        for a, b in ((2, 5), (5, 9)):
            perturbed = heads["code"][:, a:b] + noise[:, a:b]
            hard = np.eye(b - a)[perturbed.argmax(1)]
            parts.append(special.softmax(perturbed / 0.8, axis=1) if training else hard)
        z = model.infer(batch, training=training)["z"]
        yield close(z, np.concatenate(parts, axis=1), rtol=1e-4, atol=1e-5)
    code = heads["code"]
    likeliest = [np.eye(3)[code[:, 2:5].argmax(1)], np.eye(4)[code[:, 5:].argmax(1)]]
    yield close(model.encode(batch.x), np.concatenate([code[:, :2], *likeliest], axis=1), atol=1e-6)


@proof("linear case: with the true posterior, log p(x|z) + log p(z) - log q(z|x) = log p(x)")
def linear():
    model, batch = _model()
    rng = np.random.default_rng(3)
    one, two = np.zeros((3, 6)), np.zeros((4, 6))
    one[:, :2], two[:, 2:4] = rng.normal(size=(3, 2)), rng.normal(size=(4, 2))
    w = np.zeros((2, 6))
    w[0, 4], w[1, 5] = 1.3, -0.6  # x = zw + one of each + noise of variance 1/2
    model.decoder.set_weights([np.concatenate([w, one, two]), np.zeros(6)])
    precision = 1 + 2 * np.square(w).sum(1)
    to_mean = 2 * w.T / precision
    kernel = np.concatenate([to_mean, 2 * one.T, 2 * two.T], axis=1)
    squares = -np.square(np.concatenate([one, two])).sum(1)
    weights = {
        "code": [kernel, np.concatenate([np.zeros(2), squares])],
        "log_var": [np.zeros((6, 2)), -np.log(precision)],
    }
    for name, values in weights.items():
        model.encoder.get_layer(name).set_weights(values)
    x = batch.x.reshape(20, 6).astype("float64")
    covariance = 0.5 * np.eye(6) + w.T @ w
    centres = (one[:, None] + two).reshape(12, 6)
    gap, inverse = x - centres[:, None], np.linalg.inv(covariance)
    each = -0.5 * np.einsum("kbi,ij,kbj->kb", gap, inverse, gap)
    each -= 0.5 * np.linalg.slogdet(2 * np.pi * covariance)[1]
    log_p = special.logsumexp(each, axis=0) - np.log(12)
    z, log_q = model.draw(model.infer(batch), batch.draws["z"])
    bound = model.log_likelihood(batch.x, model.params(z)) + model.log_prior(z) - log_q
    yield close(bound, log_p, atol=1e-3)
    drawn = np.asarray(model.sample_prior(4000, 0))
    yield mean_of(drawn, [0, 0, *[1 / 3] * 3, *[1 / 4] * 4])
    yield close(drawn[:, :2].std(axis=0), 1.0, atol=0.05)
