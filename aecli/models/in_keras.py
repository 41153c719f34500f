"""What Keras itself asks of a model: a config, fit, evaluate, a file."""

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from aecli import philox
from aecli.datasets import learnt_file
from aecli.errors import NotApplicable
from aecli.models.asked import Asked
from aecli.models.batch import Batch


class InKeras(Asked):
    """Mix-in of Autoencoder.

    Where Keras hands over x alone, it may be {"image": [B, *data_shape], "label": [B], and the
    name of each draw}.
    """

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
        self.built = True

    def image_encoder(self) -> keras.Model:
        """The encoder as it takes whole examples [B, *data_shape] -> {head: [B, ...]}."""
        return self.encoder

    def call(self, x, training=False):
        """As forward; in training with draws of its own."""
        image, label, _ = _parts(x)
        shapes = self.noise_shapes() if training else {}
        n, seed = ops.shape(image)[0], self.seed_generator
        draws = {k: keras.random.normal((n, *shape), seed=seed) for k, shape in shapes.items()}
        return self.forward(Batch(image, image, draws, label=label), training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """For Keras's own fit: the mean of the loss over the batch. Raises NotApplicable."""
        if len(self.players) > 1:
            raise NotApplicable(
                f"{type(self).__name__} has an optimizer for each of {', '.join(self.players)}, "
                "which Keras's fit has not: train it with aecli"
            )
        image, label, draws = _parts(x)
        batch = Batch(image, image if y is None else y, draws, label=label)
        loss, terms, watched = self.objective(batch, y_pred, training=training)
        for tracker in self.term_trackers:
            tracker.update_state(terms[tracker.name])
        for tracker in self.watched:
            tracker.add(tracker.statistic(watched[tracker.name]))
        return ops.mean(loss)

    def test_step(self, data):
        """As Keras's, with frozen draws."""
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        image, label, draws = _parts(x)
        if not draws:
            seen = ops.cast(self._loss_tracker.count, "int32")  # images, in this evaluation
            draws = {
                name: philox.normal((ops.shape(image)[0], *shape), tf.stack([i, seen]))
                for i, (name, shape) in enumerate(self.noise_shapes().items())
            }
        target = image if y is None else y
        return evaluate_step(self, Batch(image, target, draws, label=label))


def _parts(x):
    """-> image, label or None, draws."""
    if not isinstance(x, dict):
        return x, None, {}
    rest = dict(x)
    return rest.pop("image"), rest.pop("label", None), rest


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
