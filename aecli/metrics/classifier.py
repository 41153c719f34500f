"""A small classifier of the data, for the features that it comes to see them by."""

import dataclasses
import json
import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from aecli.training import state_file

RECIPE = 1  # of the layers and their training below: another one has another fingerprint
FEATURES = 64
SIDE = 32  # pixels; larger images are averaged down
BATCH = 128
ROWS = 500  # images at a time in prediction


@dataclasses.dataclass(frozen=True)
class Classifier:
    """network: images -> (features [B, FEATURES] >= 0, logits); labels[i]: what logit i is of.

    origin: what it was made of, in words; made_of: SHA-256 of all that it was made of.
    """

    network: keras.Model
    labels: np.ndarray
    origin: str
    made_of: str

    @property
    def fingerprint(self) -> str:
        """Eight letters, the same of two that were made of the same."""
        return self.made_of[:8]

    def features(self, x: np.ndarray) -> np.ndarray:
        """Images [N, H, W, C] -> what the last layer sees of them, [N, FEATURES]."""
        return self.network.predict(x, batch_size=ROWS, verbose=0)[0]

    def accuracy(self, x: np.ndarray, labels: np.ndarray) -> float:
        """Share of images whose label is found, in [0, 1]."""
        logits = self.network.predict(x, batch_size=ROWS, verbose=0)[1]
        return float((self.labels[logits.argmax(axis=1)] == labels).mean())


def trained_classifier(x: np.ndarray, labels: np.ndarray, steps: int, seed: int) -> Classifier:
    """Fitted to images [N, H, W, C] with labels [N] by Adam, in `steps` steps of BATCH images.

    A pure function of its arguments. Keras's global seed is set.
    """
    classifier = untrained_classifier(x, labels, steps, seed)
    train(classifier, x, labels, steps, seed)
    return classifier


def untrained_classifier(x: np.ndarray, labels: np.ndarray, steps: int, seed: int) -> Classifier:
    """What trained_classifier trains: its layers with the weights that it begins from.

    Two strided convolutions and a dense layer; rows of numbers get dense layers alone.
    """
    known = np.unique(labels)
    keras.utils.set_random_seed(seed)
    image = keras.Input(x.shape[1:])
    h = keras.layers.Normalization(mean=float(x.mean()), variance=float(x.var()) or 1.0)(image)
    for layer in _layers(x.shape[1:]):
        h = layer(h)
    features = keras.layers.Dense(FEATURES, activation="relu")(h)
    logits = keras.layers.Dense(len(known))(features)
    origin = f"a classifier trained on {len(x):,} images in {steps:,} steps, seed {seed}"
    made_of = state_file.digest({"x": x, "labels": labels}, json.dumps([RECIPE, steps, seed]))
    return Classifier(keras.Model(image, [features, logits]), known, origin, made_of)


def train(classifier: Classifier, x: np.ndarray, labels: np.ndarray, steps: int, seed: int) -> None:
    """Fit an untrained classifier, in place."""
    network = classifier.network
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    fitted: Any = keras.Model(network.inputs, network.outputs[1])  # Keras's annotations are narrow
    fitted.compile(keras.optimizers.Adam(1e-3), loss, jit_compile=False)
    classes = np.searchsorted(classifier.labels, labels)
    with tqdm(total=steps, desc="classifier", leave=False, delay=1, disable=None) as bar:
        shown = keras.callbacks.LambdaCallback(on_train_batch_end=lambda *_, **__: bar.update())
        batches = _batches(x, classes, steps, seed)
        fitted.fit(batches, shuffle=False, verbose=0, callbacks=[shown])


def _batches(x: np.ndarray, classes: np.ndarray, steps: int, seed: int) -> tf.data.Dataset:
    """One pass over as many shuffled copies of the data as the steps take: no pause in between."""
    rng, wanted = np.random.default_rng(seed), steps * BATCH
    orders = [rng.permutation(len(x)) for _ in range(math.ceil(wanted / len(x)))]
    order = np.concatenate(orders)[:wanted].reshape(steps, BATCH)
    images, targets = tf.constant(x), tf.constant(classes)
    rows = tf.data.Dataset.from_tensor_slices(order)
    taken = tf.autograph.experimental.do_not_convert(  # it would write into the temporary folder
        lambda rows: (tf.gather(images, rows), tf.gather(targets, rows))
    )
    return rows.map(taken).prefetch(2)


def _layers(data_shape: tuple[int, int, int]) -> list[keras.layers.Layer]:
    height, width, _ = data_shape
    if min(height, width) < 4:
        return [keras.layers.Flatten(), keras.layers.Dense(256, activation="relu")]
    pool = (math.ceil(height / SIDE), math.ceil(width / SIDE))
    options = {"strides": 2, "padding": "same", "activation": "relu"}
    return [
        keras.layers.AveragePooling2D(pool),
        keras.layers.Conv2D(32, 3, **options),
        keras.layers.Conv2D(64, 3, **options),
        keras.layers.Flatten(),
    ]
