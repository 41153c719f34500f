"""Critics: what tells one kind of codes, or of examples, from another."""

import math
from typing import Any

import keras
from keras import layers, ops

from aecli import limits
from aecli.errors import BadRequest
from aecli.networks.base import Network, Widths, emitted

SLOPE = 0.2  # of leaky_relu below 0, as Radford et al. 2016


def critic_of_codes(size: int, widths: Widths) -> keras.Sequential:
    """A float32 critic of flat codes [B, size], its logit [B, 1]; widths: of its hidden layers."""
    parts: list[Any] = [keras.Input((size,))]
    width = size
    with limits.at_most():
        for wider in widths:
            limits.count(width * wider)
            parts.append(layers.Dense(wider, dtype="float32"))
            parts.append(layers.LeakyReLU(negative_slope=SLOPE, dtype="float32"))
            width = wider
        parts.append(layers.Dense(1, dtype="float32", name="logit"))
    return keras.Sequential(parts, name="critic")


def critic_of_examples(network: Network, data_shape: tuple[int, ...]) -> keras.Model:
    """A critic of examples [B, *data_shape]: an encoder of the network, a number for its code.

    -> {"verdict": [B, 1] float32, "features": [B, F]}: what its last layer makes the verdict of,
    of a convolutional network the last feature map. Raises BadRequest for text.
    """
    if network.is_of_text:
        raise BadRequest(
            "a critic of examples needs a gradient through what was decoded, and there is none "
            "through tokens\ntake model=aae, whose critic is of codes, or model=vae"
        )
    with limits.at_most():
        encoder = network.encoder(data_shape, {"verdict": (1, "linear")}, True)
    limits.check_values(encoder)
    features = encoder.get_layer("verdict").input
    outputs = {"features": features, "verdict": emitted(encoder)["verdict"]}
    return type(encoder)(encoder.input, outputs, name="critic")


def verdicts(model, shown: list, target, training: bool):
    """What a model's critic of examples says: features [K, B, F] and verdicts [K, B], float32.

    shown: K times [B, *data_shape]. Points that the target lacks are missing of all, else those
    alone would tell what was decoded.
    """
    if model.has_gaps:
        shown = [ops.where(ops.isnan(target), target, x) for x in shown]
    # one by one: no gradient goes back to the data, and a player's not to all that was decoded
    said = [model.critic(model.seen(x), training=training) for x in shown]
    features = ops.stack([ops.cast(one["features"], "float32") for one in said])
    size = math.prod(features.shape[2:])
    return (
        ops.reshape(features, (len(shown), -1, size)),
        ops.stack([one["verdict"][:, 0] for one in said]),
    )


def surprise(logit, is_real: bool):
    """-log D where a critic's input is what it shall find real, else -log(1 - D), in nats.

    D = sigmoid(logit) (Goodfellow et al. 2014, eq. 1). Shaped as the logit.
    """
    return ops.softplus(-logit if is_real else logit)
