"""What Keras itself asks of a model: a config, fit, evaluate, a file."""

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from aecli import philox
from aecli.datasets import learnt_file
from aecli.errors import BadRequest
from aecli.models import given
from aecli.models.asked import Asked
from aecli.models.batch import Batch
from aecli.models.keras_calls import looked_at, plainly


class InKeras(Asked):
    """Mix-in of Autoencoder.

    x is [B, *data_shape], without its channel axis where that is of length 1, floats or bytes; or
    {"image": x, "label": [B], and the name of each draw}. y: what is to come out, x itself where
    it is left out.
    """

    fit = looked_at(keras.Model.fit)
    evaluate = looked_at(keras.Model.evaluate)
    predict = looked_at(keras.Model.predict)
    train_on_batch = looked_at(keras.Model.train_on_batch)
    test_on_batch = looked_at(keras.Model.test_on_batch)
    predict_on_batch = looked_at(keras.Model.predict_on_batch)
    __call__ = plainly(keras.Model.__call__)

    def __getattr__(self, name: str) -> Any:
        """Raises AttributeError, which says of a layer that it is not made yet."""
        text = f"{type(self).__name__} has no {name!r}"
        if self.__dict__.get("data_shape") is None:
            text += " yet: its layers are made for the first data; fit it, or state data_shape"
        raise AttributeError(text)

    def compile(
        self, optimizer="rmsprop", loss=None, loss_weights=None, metrics=None, **settings
    ) -> None:
        """As Keras's; the loss is the model's own. Raises BadRequest for another."""
        own = {"loss": loss, "loss_weights": loss_weights, "metrics": metrics}
        own |= {"weighted_metrics": settings.pop("weighted_metrics", None)}
        for key, value in own.items():
            if value is not None:
                name = type(self).__name__
                raise BadRequest(
                    f"{name} has its loss and its terms of its own: compile it without {key}\n"
                    f"another loss of the pixels: {name}(..., reconstruction_loss=MSE())"
                )
        super().compile(optimizer, **settings)

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.built:
            self.optimizer.build(self.trainable_variables)

    def get_config(self):
        config = super().get_config()
        return config if self.learnt is None else config | {"data": learnt_file.plain(self.learnt)}

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        data = config.pop("data", None)
        model = super().from_config(config)
        if data is not None:
            model.learnt = learnt_file.from_plain(data, "the model's file")
        return model

    def build(self, input_shape):
        """Make the layers for examples of a shape [N, ...], where they are not made yet."""
        if self.data_shape is None:
            shape = given.parts(input_shape).image
            self.data_shape = given.data_shape(self, tuple(shape)[1:])
            self.assemble()
        self.built = True

    def image_encoder(self) -> keras.Model:
        """The encoder as it takes whole examples [B, *data_shape] -> {head: [B, ...]}."""
        return self.encoder

    def call(self, x, training=False):
        """As forward; in training with draws of its own."""
        image, label, _ = given.parts(x)
        image = given.images(self, image)
        shapes = self.noise_shapes() if training else {}
        n, seed = ops.shape(image)[0], self.seed_generator
        draws = {k: keras.random.normal((n, *shape), seed=seed) for k, shape in shapes.items()}
        progress = self.epochs_done if training else None
        return self.forward(Batch(image, image, draws, progress, label), training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """For Keras's own fit: the mean of the loss over the batch."""
        batch = self._batch(x, y, self.epochs_done if training else None)
        loss, terms, watched = self.objective(batch, y_pred, training=training)
        for tracker in self.term_trackers:
            tracker.update_state(terms[tracker.name])
        for tracker in self.watched:
            tracker.add(tracker.statistic(watched[tracker.name]))
        return ops.mean(loss)

    def _batch(self, x, y, progress=None) -> Batch:
        image, label, draws = given.parts(x)
        image = given.images(self, image)
        target = image if y is None else given.images(self, y, "y")
        return Batch(image, target, draws, progress, label)

    def test_step(self, data):
        """As Keras's, with frozen draws."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        batch = self._batch(x, y)
        if not batch.draws:
            seen = ops.cast(self._loss_tracker.count, "int32")  # images, in this evaluation
            draws = {
                name: philox.normal((ops.shape(batch.x)[0], *shape), tf.stack([i, seen]))
                for i, (name, shape) in enumerate(self.noise_shapes().items())
            }
            batch = batch._replace(draws=draws)
        return evaluate_step(self, batch)

    def predict_step(self, data):
        """What comes out for x, in the shape of x: the expected images of their codes."""
        x, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        image = given.parts(x).image
        return ops.reshape(self.expected(self(x)["params"]), (-1, *image.shape[1:]))

    @property
    def epochs_done(self) -> tf.Variable:
        """[] float32, of Keras's own fit, which annealed weights go by."""
        if "_epochs_done" not in self.__dict__:
            with tf.init_scope():  # it is no state of the model: no file has it
                self.__dict__["_epochs_done"] = tf.Variable(tf.constant(0.0), trainable=False)
        return self.__dict__["_epochs_done"]


def evaluate_step(model, batch: Batch) -> dict[str, Any]:
    """Add a batch to what is measured over a split; -> what that is so far."""
    loss, terms, watched = model.objective(batch, model.forward(batch))
    for tracker in model.term_trackers:
        tracker.update_state(terms[tracker.name])
    for tracker in model.watched:
        tracker.add(tracker.statistic(watched[tracker.name]))
    model._loss_tracker.update_state(ops.mean(loss), sample_weight=ops.shape(batch.x)[0])
    return measured(model)


def measured(model) -> dict[str, Any]:
    """The loss, the terms and what is watched, of what was evaluated so far."""
    trackers = [model._loss_tracker, *model.term_trackers, *model.watched]
    return {tracker.name: tracker.result() for tracker in trackers}
