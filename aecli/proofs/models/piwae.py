"""Proofs of PIWAE: the decoder by one bound, the encoder by another, of the same draws."""

from typing import Any

import numpy as np
import tensorflow as tf

from aecli.latents.priors.mixture import Mixture
from aecli.models.iwae import IWAE, MIWAE
from aecli.models.piwae import PIWAE
from aecli.proofs import cases
from aecli.proofs.base import at_least, close, proof, same

M, K = 3, 2
PRIOR = {"prior": Mixture(components=2)}  # whose parameters are the decoder's


def _draws(x: np.ndarray) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(len(x), M, K, 3)).astype("float32")


def _found(kind: Any, player: str = "model", **settings: Any) -> tuple[Any, dict[int, Any]]:
    """A player's loss [B], and {place in the model: gradient of its mean} of its own variables."""
    model, x = cases.made(kind, 0.2, **settings), cases.images(6)
    draws = _draws(x).reshape(len(x), model.m, model.k, 3)
    batch = cases.batch_of(model, x)._replace(draws={"z": draws}, progress=2.0)
    with tf.GradientTape() as tape:
        out = model.forward(batch, training=True)
        loss = model.objective(batch, out, player, training=True)[0]
        mean = tf.reduce_mean(loss)
    variables = model.variables_of(player)
    gradients = tape.gradient(mean, [v.value for v in variables])
    places = {id(v): i for i, v in enumerate(model.trainable_variables)}
    return loss, {places[id(v)]: g for v, g in zip(variables, gradients, strict=True)}


@proof("encoder: loss and gradient = MIWAE's of m bounds; decoder: = IWAE's of m * k draws")
def each_by_its_bound():
    settings: dict[str, Any] = {"beta": 0.8, "warmup_epochs": 4.0, **PRIOR}
    of_both = {}
    for player, kind, of in (("model", MIWAE, (M, K)), ("decoder", IWAE, (1, M * K))):
        loss, gradients = _found(PIWAE, player, m=M, k=K, **settings)
        numbers = {"k": of[1]} if kind is IWAE else {"m": of[0], "k": of[1]}
        known, theirs = _found(kind, **numbers, **settings)
        yield close(loss, known, rtol=1e-5)
        for place, gradient in gradients.items():
            yield close(gradient, theirs[place], rtol=1e-4, atol=1e-6)
        of_both[player] = set(gradients)
    yield same(len(of_both["model"] & of_both["decoder"]), 0)
    yield same(len(of_both["model"] | of_both["decoder"]), len(theirs))


@proof("the decoder's bound lies above the encoder's; with one bound they are one")
def the_tighter_bound():
    (loose, _), (tight, _) = (_found(PIWAE, name, m=M, k=K) for name in ("model", "decoder"))
    yield at_least(np.min(loose - tight), 1e-4)
    (loose, _), (tight, _) = (_found(PIWAE, name, m=1, k=M * K) for name in ("model", "decoder"))
    yield close(tight, loose, rtol=1e-6)
