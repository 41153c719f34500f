"""Proofs of the adversarial autoencoder."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from scipy import special

from aecli.losses.mse import MSE
from aecli.models.aae import AAE
from aecli.models.ae import AE
from aecli.models.batch import Batch
from aecli.networks.mlp import MLP
from aecli.proofs.base import at_least, at_most, close, proof, same
from aecli.training.step import train_step

STEPS = 250


def _model(kind: Any = AAE, **settings):
    """A small model, the same for the same kind."""
    keras.utils.set_random_seed(0)
    return kind(
        data_shape=(2, 3, 1), network=MLP(widths=[4]), reconstruction_loss=MSE(), latent_dim=2,
        **settings,
    )  # fmt: skip


def _batch(model, n: int = 20) -> Batch:
    x = np.random.default_rng(0).normal(size=(n, 2, 3, 1)).astype("float32")
    return Batch(x, x, model.frozen_draws(n))


def _after(model, players, steps: int = 3, rate: float = 0.1) -> list[np.ndarray]:
    """The weights after some steps, of which the players given alone take any."""
    batch = _batch(model)
    rates = {player: rate if player in players else 0.0 for player in model.players}
    optimizers: dict[str, Any] = {
        player: keras.optimizers.SGD(rate) for player, rate in rates.items()
    }
    model.compile(optimizers["model"])
    for _ in range(steps):
        train_step(model, optimizers, batch)
    return [np.array(v) for v in model.encoder.weights + model.decoder.weights]


@proof("weights after training at weight 0 = the plain autoencoder's, to the bit")
def weight_of_0():
    ours, plain = (_after(m, m.players) for m in (_model(weight=0.0), _model(AE)))
    return [same(one, other) for one, other in zip(ours, plain, strict=True)]


@proof("the adversarial term = -log D(z), and the loss has it times the weight")
def adversarial_term():
    model = _model(weight=3.0, critic_widths=[5])
    batch = _batch(model)
    out = model.forward(batch)
    loss, terms, _ = model.objective(batch, out)
    logit = np.asarray(model.critic(out["z"]), "float64")[:, 0]
    yield close(terms["adversarial"], -np.log(special.expit(logit)), rtol=1e-5)
    yield close(loss - terms["reconstruction"], 3.0 * terms["adversarial"], rtol=1e-3)


@proof("the critic's loss = the mean cross-entropy of draws, real, and of codes, not")
def critic_loss():
    model = _model(critic_widths=[5])
    batch = _batch(model)
    out = model.forward(batch, training=True)
    loss, terms, _ = model.objective(batch, out, "critic", training=True)
    is_real = [
        special.expit(np.asarray(model.critic(codes), "float64")[:, 0])
        for codes in (batch.draws["prior"], out["z"])
    ]
    known = -0.5 * np.log(is_real[0]) - 0.5 * np.log1p(-is_real[1])
    yield close(loss, known, rtol=1e-5)
    yield same(len(terms), 0)


@proof("variables: encoder and decoder are the model's, the critic's its own")
def players():
    model = _model(random_codes=True)
    model.forward(_batch(model))
    ours, its = ({v.path for v in model.variables_of(p)} for p in ("model", "critic"))
    parts = model.encoder.weights + model.decoder.weights
    yield same(len(ours & its), 0)
    yield same(len(ours ^ {v.path for v in parts}), 0)
    yield same(len(its), 6)


@proof("the critic's loss has no gradient in encoder and decoder")
def critic_moves_itself():
    model = _model()
    batch = _batch(model)
    with tf.GradientTape() as tape:
        out = model.forward(batch, training=True)
        loss = tf.reduce_sum(model.objective(batch, out, "critic", training=True)[0])
    gradients = tape.gradient(loss, [v.value for v in model.variables_of("model")])
    yield same(sum(gradient is not None for gradient in gradients), 0)


@proof("a step of the encoder makes codes pass for draws, one of the critic tells them apart")
def signs():
    model = _model(weight=1000.0)
    before = np.mean(model.score(_batch(model).x)["adversarial"])
    _after(model, ["model"], steps=1, rate=1e-3)
    after = np.mean(model.score(_batch(model).x)["adversarial"])
    yield at_most(after, before - 0.005)
    batch = _batch(model)

    def told_apart():
        z = model.encode(batch.x)
        return np.mean(model.logit(batch.draws["prior"])) - np.mean(model.logit(z))

    gap = told_apart()
    _after(model, ["critic"], steps=1)
    yield at_least(told_apart(), gap + 1e-3)


def _critic(mean: float, stddev: float, **settings) -> AAE:
    """A model whose critic has learnt codes that are N(mean, stddev^2), in two units."""
    model = _model(**settings)
    weights = model.critic.trainable_variables
    rate: Any = keras.optimizers.schedules.CosineDecay(0.1, STEPS)
    optimizer = keras.optimizers.Adam(rate)
    optimizer.build(weights)

    @tf.function(autograph=False, jit_compile=True)
    def step(i):
        e, drawn = (tf.random.stateless_normal((2048, 2), (k, i)) for k in (1, 2))
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model.critic_loss(mean + stddev * e, drawn))
        optimizer.apply(tape.gradient(loss, [w.value for w in weights]), weights)

    for i in range(STEPS):
        step(tf.constant(i))
    return model


@proof("a linear critic's coefficients for N(m, I) = -m and |m|^2 / 2, log N(z; 0, I) / N(z; m, I)")
def density_ratio():
    kernel, bias = _critic(0.7, 1.0, critic_widths=[]).critic.get_weights()
    yield close(kernel, -0.7, atol=0.05)
    yield close(bias, 0.7**2, atol=0.05)


@proof("a critic's logit for N(0, s^2 I) = log s^2 - |z|^2 (1 - 1 / s^2) / 2, to 0.25 near 0")
def quadratic_ratio():
    model = _critic(0.0, 2.0, critic_widths=[32])
    z = np.stack(np.meshgrid(*[np.linspace(-1.2, 1.2, 5)] * 2), axis=-1).reshape(-1, 2)
    known = np.log(4.0) - 0.5 * (1 - 1 / 4.0) * np.square(z).sum(1)
    return close(model.logit(z.astype("float32")), known, atol=0.25)


@proof("a critic's logit for codes that follow the prior = 0")
def no_difference():
    return close(_critic(0.0, 1.0, critic_widths=[]).critic.get_weights()[0], 0.0, atol=0.05)


@proof("random codes = mean + stddev * draw; without draws, the mean")
def gaussian_posterior():
    model = _model(random_codes=True)
    batch = _batch(model)
    out = model.infer(batch)
    drawn = out["mean"] + np.exp(0.5 * np.asarray(out["log_var"])) * batch.draws["z"]
    yield close(out["z"], drawn, rtol=1e-5, atol=1e-6)
    yield same(model.encode(batch.x), out["mean"])


@proof("draws of the prior: mean 0, variance 1; its quantiles = the normal's")
def prior():
    model = _model()
    z = np.asarray(model.sample_prior(40_000, seed=1))
    yield close(z.mean(0), 0.0, atol=0.02)
    yield close(z.var(0), 1.0, atol=0.04)
    p = np.array([0.1, 0.5, 0.8])
    yield close(special.ndtr(model.prior_quantiles(p)), p, rtol=1e-12)
