"""Proofs of the VAE-GAN."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from scipy import special, stats

from aecli.datasets.learnt import Learnt
from aecli.losses.mse import MSE
from aecli.models.batch import Batch
from aecli.models.critic import verdicts
from aecli.models.vae_gan import VAEGAN
from aecli.networks.mlp import MLP
from aecli.proofs.base import at_least, at_most, close, proof, same
from aecli.training.step import train_step


def _model(**settings) -> tuple[VAEGAN, Batch]:
    """A small model, the same for the same settings, and a batch of 20."""
    keras.utils.set_random_seed(0)
    model = VAEGAN(
        data_shape=(2, 3, 1), network=MLP(widths=[5], activation="tanh"),
        reconstruction_loss=MSE(), latent_dim=2, **settings,
    )  # fmt: skip
    x = np.random.default_rng(0).normal(size=(20, 2, 3, 1)).astype("float32")
    return model, Batch(x, x, model.frozen_draws(20))


def _verdict(model, x) -> np.ndarray:
    """The critic's logit of examples, [N] float64."""
    return np.asarray(model.critic(x)["verdict"], "float64")[:, 0]


def _shown(model, batch) -> list[np.ndarray]:
    """The logits of the examples, of their reconstructions, of decoded draws of the prior."""
    z = model.infer(batch)["z"]
    made = [model.decode(np.asarray(codes)) for codes in (z, batch.draws["prior"])]
    return [_verdict(model, x) for x in (batch.x, *made)]


def _step(model, batch, player: str, rate: float) -> None:
    rates = {one: rate if one == player else 0.0 for one in model.players}
    optimizers: dict[str, Any] = {one: keras.optimizers.SGD(of) for one, of in rates.items()}
    model.compile(optimizers["model"])
    train_step(model, optimizers, batch)


def _gradients(model, batch, player: str, of: list) -> list:
    with tf.GradientTape() as tape:
        out = model.forward(batch, training=True)
        loss = tf.reduce_mean(model.objective(batch, out, player, training=True)[0])
    return tape.gradient(loss, [v.value for v in of])


@proof("the features' term = -log N(D_l(x); D_l(x~), I) by SciPy, constants included")
def features():
    model, batch = _model()
    made = model.decode(np.asarray(model.infer(batch)["z"]))
    one, other = (np.asarray(model.critic(x)["features"], "float64") for x in (batch.x, made))
    known = -stats.norm.logpdf(one, other).sum(1)
    for training in (False, True):
        out = model.forward(batch, training=training)
        _, terms, _ = model.objective(batch, out, training=training)
        yield close(terms["features"], known, rtol=1e-5)


@proof("the encoder's loss = beta * KL + features")
def encoders_loss():
    model, batch = _model(beta=3.0)
    loss, terms, _ = model.objective(batch, model.forward(batch))
    yield close(loss, 3.0 * terms["kl"] + terms["features"], rtol=1e-6)
    errors = batch.x - model.decode(np.asarray(model.infer(batch)["z"]))
    yield close(terms["reconstruction"], np.square(errors).sum((1, 2, 3)), rtol=1e-5)


@proof("the critic's loss = mean cross-entropy: x real; x~ and x_p, which weigh as much, not")
def critics_loss():
    model, batch = _model()
    out = model.forward(batch, training=True)
    loss, terms, _ = model.objective(batch, out, "critic", training=True)
    real, again, drawn = (special.expit(logit) for logit in _shown(model, batch))
    known = -0.5 * np.log(real) - 0.25 * np.log1p(-again) - 0.25 * np.log1p(-drawn)
    yield close(loss, known, rtol=1e-5)
    yield same(len(terms), 0)


@proof("the decoder's loss = gamma * features + mean of -log D, or of log(1 - D), of x~ and x_p")
def decoders_loss():
    for kind in ("non_saturating", "minimax"):
        model, batch = _model(gamma=0.3, adversarial=kind)
        out = model.forward(batch, training=True)
        loss, terms, _ = model.objective(batch, out, "decoder", training=True)
        features = model.objective(batch, out, training=True)[1]["features"]
        _, *made = (special.expit(logit) for logit in _shown(model, batch))
        gained = [-np.log(d) if kind == "non_saturating" else np.log1p(-d) for d in made]
        yield close(loss, 0.3 * np.asarray(features) + np.mean(gained, axis=0), rtol=1e-5)
        yield same(len(terms), 0)


@proof("variables: three players, disjoint, all variables among them")
def players():
    model, batch = _model()
    model.forward(batch, training=True)
    parts = {"model": model.encoder, "decoder": model.decoder, "critic": model.critic}
    found = {player: {id(v) for v in model.variables_of(player)} for player in model.players}
    for player, part in parts.items():
        yield same(len(found[player] ^ {id(v) for v in part.trainable_variables}), 0)
        yield at_least(len(found[player]), 4)
    everything = {id(v) for v in model.trainable_variables}
    yield same(len(everything), sum(len(its) for its in found.values()))


@proof("the encoder's gradient does not know the critic's verdict: to the bit that of another")
def encoder_takes_no_part():
    model, batch = _model()
    before = _gradients(model, batch, "model", model.encoder.trainable_variables)
    kernel, bias = model.critic.get_layer("verdict").weights
    kernel.assign(-7.0 * np.asarray(kernel))
    bias.assign([3.0])
    after = _gradients(model, batch, "model", model.encoder.trainable_variables)
    yield from (same(one, other) for one, other in zip(after, before, strict=True))
    yield at_least(min(float(np.abs(gradient).max()) for gradient in before), 1e-4)


@proof("a step of one player leaves the weights of the others, to the bit")
def steps_are_of_one():
    for player in ("model", "decoder", "critic"):
        model, batch = _model()
        parts = {"model": model.encoder, "decoder": model.decoder, "critic": model.critic}
        before = {name: part.get_weights() for name, part in parts.items()}
        _step(model, batch, player, rate=0.1)
        for name, part in parts.items():
            pairs = zip(part.get_weights(), before[name], strict=True)
            moved = sum(not np.array_equal(one, other) for one, other in pairs)
            yield same(moved, len(before[name]) if name == player else 0)


@proof("gamma 0: the decoder's gradient is the adversarial one; gamma large: that of the features")
def limits_of_gamma():
    def flat(**settings):
        model, batch = _model(**settings)
        found = _gradients(model, batch, "decoder", model.decoder.trainable_variables)
        return np.concatenate([np.ravel(gradient) for gradient in found])

    none, some, more, much = (flat(gamma=gamma) for gamma in (0.0, 1.0, 2.0, 1e6))
    yield close(some - none, more - some, rtol=1e-3, atol=1e-6)
    yield close(much / 1e6, some - none, rtol=1e-3, atol=1e-6)
    model, batch = _model(gamma=0.0)
    weights = model.decoder.trainable_variables
    with tf.GradientTape() as tape:
        made = [
            model.expected(model.params(codes))
            for codes in (model.infer(batch)["z"], batch.draws["prior"])
        ]
        logits = [model.critic(x)["verdict"] for x in made]
        loss = -tf.reduce_mean([tf.math.log_sigmoid(logit) for logit in logits])
    known: Any = tape.gradient(loss, [v.value for v in weights])
    yield close(none, np.concatenate([np.ravel(g) for g in known]), rtol=1e-4, atol=1e-7)
    yield at_least(np.abs(none).max(), 1e-3)


@proof("a step of the decoder makes what it makes more real, one of the critic x more and it less")
def signs():
    for kind in ("non_saturating", "minimax"):
        model, batch = _model(gamma=0.0, adversarial=kind)
        before = [logit.mean() for logit in _shown(model, batch)]
        _step(model, batch, "decoder", rate=0.1)
        after = [logit.mean() for logit in _shown(model, batch)]
        yield same(after[0], before[0])
        yield at_least(after[1] + after[2], before[1] + before[2] + 1e-3)
    model, batch = _model()
    before = [logit.mean() for logit in _shown(model, batch)]
    _step(model, batch, "critic", rate=0.1)
    after = [logit.mean() for logit in _shown(model, batch)]
    yield at_least(after[0] - after[1] - after[2], before[0] - before[1] - before[2] + 1e-3)


@proof("the critic's verdicts are of x, of x~ and of decoded draws, of which evaluation has none")
def drawn():
    model, batch = _model()
    one = model.forward(batch, training=True)["logits"]
    yield close(one, _shown(model, batch), rtol=1e-4, atol=1e-5)
    yield at_most(model.forward(batch)["logits"].shape[0], 2)


@proof("without reconstructions and gamma 0: a GAN, whose gradients another encoder leaves")
def plain_gan():
    settings = {"gamma": 0.0, "reconstructions": False}
    model, batch = _model(**settings)
    out = model.forward(batch, training=True)
    real, _, drawn = (special.expit(logit) for logit in _shown(model, batch))
    critic, decoder = (model.objective(batch, out, p)[0] for p in ("critic", "decoder"))
    yield close(critic, -0.5 * np.log(real) - 0.5 * np.log1p(-drawn), rtol=1e-5)
    yield close(decoder, -np.log(drawn), rtol=1e-5)
    for part, player in ((model.decoder, "decoder"), (model.critic, "critic")):
        before = _gradients(model, batch, player, part.trainable_variables)
        model.encoder.set_weights([0.5 * weight for weight in model.encoder.get_weights()])
        after = _gradients(model, batch, player, part.trainable_variables)
        yield from (close(a, b, atol=1e-7) for a, b in zip(after, before, strict=True))


@proof("points that an example lacks are missing of all that the critic is shown with it")
def gaps():
    model = VAEGAN(
        data_shape=(1, 6, 1), network=MLP(widths=[5]), reconstruction_loss=MSE(), latent_dim=2,
    )  # fmt: skip
    model.learnt = Learnt(shape=(1, 6, 1), unit="other", range=(-4, 4), kind="series", gaps=True)
    x = np.random.default_rng(0).normal(size=(20, 1, 6, 1)).astype("float32")
    made, target = x + 1, np.where(np.arange(6)[:, None] < 4, x, np.nan)
    known = model.critic(model.seen(np.where(np.isnan(target), target, made)))["verdict"]
    found = verdicts(model, [made, target], target, training=False)[1]
    yield close(found[0], np.ravel(known), rtol=1e-5)
    yield close(found[1], np.ravel(model.critic(model.seen(target))["verdict"]), rtol=1e-5)
