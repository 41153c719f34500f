"""What proofs are made on: small models of a class, batches of them, gradients."""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aecli.losses.binary_crossentropy import BinaryCrossentropy
from aecli.losses.mse import MSE
from aecli.models.batch import Batch
from aecli.networks.mlp import MLP
from aecli.proofs.base import Finding, same

SHAPE = (4, 4, 1)


def made(kind: Any, spread: float = 0.0, widths: tuple[int, ...] = (6,), **settings: Any) -> Any:
    """A model of a class for images [4, 4, 1], its weights those of seed 0.

    spread: of the normals that are added to each of its weights, so that no bias is 0.
    """
    keras.utils.set_random_seed(0)
    given = {
        "data_shape": SHAPE, "network": MLP(widths=[*widths], activation="tanh"),
        "reconstruction_loss": BinaryCrossentropy(), "latent_dim": 3,
    }  # fmt: skip
    model = kind(**given | settings)
    model.build((None, *model.data_shape))
    return scattered(model, spread) if spread else model


def scattered(model: Any, spread: float) -> Any:
    """The model, with normals of that spread added to what it trains."""
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(variable + spread * rng.normal(size=variable.shape))
    return model


def images(n: int, shape: tuple[int, ...] = SHAPE, seed: int = 0) -> np.ndarray:
    """[n, *shape] float32 in [0, 1]: blobs of different places and sizes, as digits are."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    at, size = rng.uniform(0, np.array(shape[:2]) - 1, (n, 2)), rng.uniform(0.6, 2, n)
    squares = (rows - at[:, :1, None]) ** 2 + (columns - at[:, 1:, None]) ** 2
    blobs = np.exp(-squares / (2 * size[:, None, None] ** 2))
    return np.repeat(blobs[..., None], shape[2], axis=3).astype("float32")


def batch_of(model: Any, x: np.ndarray, progress: float | None = None, label=None) -> Batch:
    """The batch of x with the model's frozen draws."""
    return Batch(x, x, model.frozen_draws(len(x)), progress, label)


def loss_and_gradients(model: Any, batch: Batch, training: bool = False) -> tuple[Any, list]:
    """The loss [B], and the gradients of its mean to the trainable variables; None: no path."""
    with tf.GradientTape() as tape:
        out = model.forward(batch, training=training)
        loss = model.objective(batch, out, training=training)[0]
        mean = tf.reduce_mean(loss)
    gradients = tape.gradient(mean, [v.value for v in model.trainable_variables])
    return np.asarray(loss), [None if g is None else np.asarray(g) for g in gradients]


def small(
    kind: Any, /, widths=(4,), activation: Any = "relu", **settings: Any
) -> tuple[Any, Batch]:
    """A model of a class for rows [2, 3, 1] of numbers, and a batch of 20 of them; loss mse."""
    keras.utils.set_random_seed(1)
    given = {"data_shape": (2, 3, 1), "reconstruction_loss": MSE(), "latent_dim": 3}
    network = MLP(widths=[*widths], activation=activation)
    model = kind(**{**given, "network": network, **settings})
    x = np.random.default_rng(0).normal(size=(20, 2, 3, 1)).astype("float32")
    return model, batch_of(model, x)


def terms_of(model: Any, batch: Batch, training: bool = True) -> dict[str, Any]:
    """{name: term [B]} of the penalties."""
    out = model.forward(batch, training=training)
    return {name: term for name, (_, term) in model.penalties(batch, out, training).items()}


def trains_as(ours: tuple[Any, Batch], known: tuple[Any, Batch]) -> Iterable[Finding]:
    """In training, loss and gradients of a model on its batch = those of another, to the bit."""
    (loss, gradients), (other_loss, others) = (
        loss_and_gradients(*pair, training=True) for pair in (ours, known)
    )
    yield same(loss, other_loss)
    for one, other in zip(gradients, others, strict=True):
        yield same(one, other)
