"""A classifier on top of an encoder: built, trained in phases, its best epoch kept."""

import dataclasses
import math
from typing import Any

import keras
import numpy as np
from keras import layers
from tqdm import tqdm

from aecli.networks.base import emitted
from aecli.training.feed import epoch_order


@dataclasses.dataclass(frozen=True)
class Phase:
    """frozen: whether the encoder keeps its weights; learning_rate: of Adam."""

    epochs: int
    learning_rate: float
    frozen: bool = False


@dataclasses.dataclass(frozen=True)
class Images:
    """x: [N, H, W, C] float32; y: [N] class numbers from 0."""

    x: np.ndarray
    y: np.ndarray


@dataclasses.dataclass
class Trained:
    """epoch: the one whose weights model has, from 1; history: {column: a value an epoch}."""

    model: keras.Model
    epoch: int
    history: dict[str, list[float]]


def classifier(encoder: keras.Model, classes: int, seed: int) -> keras.Model:
    """x [B, H, W, C] -> probabilities [B, classes]: a new softmax layer on the encoder's code.

    The code is the encoder's first head: of a variational one the posterior mean. The encoder's
    weights are used as they are, not copied; it is the layer named encoder.
    """
    keras.utils.set_random_seed(seed)
    code = keras.Model(encoder.input, next(iter(emitted(encoder).values())), name="encoder")
    inputs = keras.Input(encoder.inputs[0].shape[1:], name="image")
    h = layers.BatchNormalization()(layers.Flatten()(code(inputs)))  # codes have any scale
    outputs = layers.Dense(classes, activation="softmax", dtype="float32", name="label")(h)
    return keras.Model(inputs, outputs, name="classifier")


def fit(
    model: keras.Model,
    train: Images,
    val: Images,
    phases: list[Phase],
    batch_size: int,
    steps: int,
    seed: int,
    name: str,
) -> Trained:
    """Train through the phases, Adam anew in each; keep the epoch of the best val_accuracy.

    An epoch is one pass, or as many as make `steps` steps. The order of a pass is a function of
    (seed, its number) alone: two models see the same batches. Of equal epochs the first is kept.
    name: of the progress bar.
    """
    history: dict[str, list[float]] = {}
    best, weights, epoch = -1.0, model.get_weights(), 0
    total = sum(phase.epochs for phase in phases)
    passes = max(1, math.ceil(steps * batch_size / len(train.y)))
    bar = tqdm(total=total, desc=name, unit="epoch", leave=False, delay=1, disable=None)
    with bar:
        for phase in phases:
            model.get_layer("encoder").trainable = not phase.frozen
            model.compile(
                keras.optimizers.Adam(phase.learning_rate),
                loss="sparse_categorical_crossentropy",
                metrics=["accuracy"],
            )
            for _ in range(phase.epochs):
                order = _order(len(train.y), range(epoch * passes, (epoch + 1) * passes), seed)
                found = _epoch(model, train, val, batch_size, order)
                epoch += 1
                for column, value in found.items():
                    history.setdefault(column, []).append(value)
                if found["val_accuracy"] > best:
                    best, weights = found["val_accuracy"], model.get_weights()
                bar.update()
    model.set_weights(weights)
    return Trained(model, 1 + int(np.argmax(history["val_accuracy"])), history)


def _order(n: int, passes: range, seed: int) -> np.ndarray:
    """The order of n images in several passes over them."""
    return np.concatenate([epoch_order(seed, number, n) for number in passes])


def _epoch(model, train: Images, val: Images, batch_size: int, order) -> dict[str, float]:
    """{"loss", "accuracy", "val_loss", "val_accuracy"}"""
    fitted = model.fit(
        train.x[order],
        train.y[order],
        batch_size=batch_size,
        shuffle=False,  # it is: two models shall see one order
        validation_data=(val.x, val.y),
        validation_batch_size=1000,
        verbose=0,
    )
    return {column: float(values[0]) for column, values in fitted.history.items()}


def accuracy(model: keras.Model, images: Images) -> float:
    """The share in [0, 1] of images whose most probable class is theirs."""
    quiet: Any = 0  # where Keras's own default is a word
    found = model.predict(images.x, batch_size=1000, verbose=quiet)
    return float(np.mean(found.argmax(1) == images.y))
