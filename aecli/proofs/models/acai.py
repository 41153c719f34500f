"""Proofs of ACAI."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from scipy import stats

from aecli.losses.mse import MSE
from aecli.models.acai import ACAI, RATE, critic_loss, half_uniform
from aecli.models.ae import AE
from aecli.models.batch import Batch
from aecli.networks.mlp import MLP
from aecli.proofs.base import at_least, at_most, close, mean_of, proof, same
from aecli.training.step import train_step


def _model(kind: Any = ACAI, **settings):
    """A small model, the same for the same kind, and a batch of 20."""
    keras.utils.set_random_seed(0)
    model = kind(
        data_shape=(2, 3, 1), network=MLP(widths=[5], activation="tanh"),
        reconstruction_loss=MSE(), latent_dim=2, **settings,
    )  # fmt: skip
    x = np.random.default_rng(0).normal(size=(20, 2, 3, 1)).astype("float32")
    return model, Batch(x, x, model.frozen_draws(20))


def _train(model, batch, /, steps: int = 3, **rates: float) -> None:
    """Steps of the players that are given a rate, or of all."""
    rates = rates or dict.fromkeys(model.players, 0.1)
    optimizers: dict[str, Any] = {p: keras.optimizers.SGD(rates.get(p, 0.0)) for p in model.players}
    model.compile(optimizers["model"])
    for player, optimizer in optimizers.items():
        optimizer.build(model.variables_of(player))
    step = tf.function(lambda: train_step(model, optimizers, batch), autograph=False)
    for _ in range(steps):
        step()


def _verdict(model, x) -> np.ndarray:
    return np.asarray(model.critic(x)["verdict"], "float64")[:, 0]


@proof("weights after training at weight 0 = the plain autoencoder's, to the bit")
def weight_of_0():
    found = []
    for model, batch in (_model(weight=0.0), _model(AE)):
        _train(model, batch)
        found.append(model.encoder.get_weights() + model.decoder.get_weights())
    return [same(one, other) for one, other in zip(*found, strict=True)]


@proof("alpha of a normal's quantile u = u / 2: uniform in [0, 1/2], of mean 1/4")
def alpha():
    u = np.linspace(0.001, 0.999, 999)
    yield close(half_uniform(stats.norm.ppf(u).astype("float32")), u / 2, atol=1e-6)
    ends = np.asarray(half_uniform(np.array([-40.0, 40.0], "float32")))
    yield close(ends, [0.0, 0.5], atol=1e-7)
    model, _ = _model()
    draws = model.frozen_draws(10_000)["alpha"]
    yield mean_of(np.asarray(half_uniform(draws)), 0.25)


@proof("the mixture = alpha z_1 + (1 - alpha) z_2, z_2 of the reversed batch")
def mixture():
    model, _ = _model()
    rng = np.random.default_rng(0)
    z, a = rng.normal(size=(7, 2)).astype("float32"), rng.uniform(size=7).astype("float32")
    known = a[:, None] * z + (1 - a[:, None]) * z[::-1]
    return close(model.mixture(z, a), known, rtol=1e-5, atol=1e-6)


@proof("the gradient of an example's mixture reaches both codes: alpha and 1 - alpha")
def both_codes():
    model, _ = _model()
    z, a = tf.Variable(tf.ones((5, 2))), np.full(5, 0.2, "float32")
    with tf.GradientTape() as tape:
        first = tf.reduce_sum(model.mixture(z, a)[0])
    gradient = np.asarray(tape.gradient(first, z))
    return close(gradient[:, 0], [0.2, 0.0, 0.0, 0.0, 0.8], atol=1e-6)


@proof("the critic is shown decoded mixtures, and x^ + gamma (x - x^)")
def shown():
    model, batch = _model(gamma=0.3)
    out = model.forward(batch, training=True)
    z, made = model.encode(batch.x), model.reconstruct(batch.x)
    a = np.asarray(half_uniform(batch.draws["alpha"]))[:, None]
    mixed = model.decode(a * z + (1 - a) * z[::-1])
    known = [_verdict(model, x) for x in (mixed, made + 0.3 * (batch.x - made))]
    yield close(out["verdicts"], known, rtol=1e-4, atol=1e-5)
    yield close(out["mixed"], mixed, rtol=1e-4, atol=1e-5)


@proof("the critic's loss = (d(mixture) - alpha)^2 + d(no mixture)^2, with no terms")
def loss_of_critic():
    model, batch = _model()
    out = model.forward(batch, training=True)
    loss, terms, _ = model.objective(batch, out, "critic", training=True)
    a = np.asarray(half_uniform(batch.draws["alpha"]))
    mixed, none = np.asarray(out["verdicts"], "float64")
    yield close(loss, (mixed - a) ** 2 + none**2, rtol=1e-5)
    yield same(len(terms), 0)


@proof("a constant critic's best: E alpha = 1/4 for mixtures alone, 1/8 with what is none")
def constant_critic():
    a = np.asarray(half_uniform(stats.norm.ppf((np.arange(1000) + 0.5) / 1000)))
    guesses = np.linspace(0.0, 0.5, 101)
    of_none = np.zeros_like(a)
    alone, both = (
        [np.mean(critic_loss(np.stack([of_none + guess, of_none + share * guess]), a))
         for guess in guesses] for share in (0.0, 1.0)
    )  # fmt: skip
    yield close(guesses[np.argmin(alone)], 0.25, atol=1e-6)
    yield close(guesses[np.argmin(both)], 0.125, atol=1e-6)
    yield close(min(alone), 1 / 48, rtol=1e-3)  # the variance of alpha


@proof("the term = values of an example times d(mixture)^2, and the loss has it times the weight")
def term():
    model, batch = _model(weight=0.7)
    out = model.forward(batch, training=True)
    loss, terms, _ = model.objective(batch, out, training=True)
    known = 6 * np.square(np.asarray(out["verdicts"], "float64")[0])
    yield close(terms["interpolation"], known, rtol=1e-5)
    yield close(loss - terms["reconstruction"], 0.7 * known, rtol=1e-3, atol=1e-6)


@proof("the term in evaluation = the running mean of the training's, whatever the batch")
def evaluation():
    model, batch = _model()
    means = []
    for _ in range(3):
        out = model.forward(batch, training=True)
        means.append(np.mean(model.objective(batch, out, training=True)[1]["interpolation"]))
        _train(model, batch, steps=1, critic=0.5)
        means.append(means[-1])  # the step before it moved the critic looked at the same
    known = 0.0
    for i, mean in enumerate(means):
        known += max(RATE, 1 / (i + 1)) * (mean - known)
    yield close(model.score(batch.x[:3])["interpolation"], np.full(3, known), rtol=1e-4)
    yield close(model.score(batch.x[3:5])["interpolation"], np.full(2, known), rtol=1e-4)


@proof("variables: encoder and decoder are the model's, the critic's its own; all are somebody's")
def players():
    model, batch = _model()
    model.forward(batch, training=True)
    parts = model.encoder.trainable_variables + model.decoder.trainable_variables
    ours, its = ({id(v) for v in model.variables_of(p)} for p in model.players)
    yield same(len(ours ^ {id(v) for v in parts}), 0)
    yield same(len(its ^ {id(v) for v in model.critic.trainable_variables}), 0)
    yield same(len(ours & its), 0)
    yield same(len(model.trainable_variables), len(ours | its))


@proof("steps of the autoencoder bring what the critic guesses of mixtures to 0, its own to alpha")
def signs():
    model, batch = _model(weight=50.0)
    a = np.asarray(half_uniform(batch.draws["alpha"]))

    def guessed():
        return np.asarray(model.forward(batch, training=True)["verdicts"][0])

    before = np.mean((guessed() - a) ** 2)
    _train(model, batch, steps=100, critic=0.1)
    yield at_most(np.mean((guessed() - a) ** 2), 0.8 * before)
    before = np.mean(guessed() ** 2)
    _train(model, batch, steps=5, model=1e-4)
    yield at_most(np.mean(guessed() ** 2), 0.95 * before)
    yield at_least(before, 0.005)
