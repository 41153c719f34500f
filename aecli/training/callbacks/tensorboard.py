"""TensorBoard: scalars, images, histograms and settings in the run's tensorboard/."""

from typing import Annotated, Any, ClassVar

import numpy as np
import tensorflow as tf
from pydantic import Field

from aecli.training.callbacks.tracker import Ended, Tracker

Epochs = Annotated[int, Field(ge=0, description="epochs; 0: none")]


class TensorBoard(Tracker):
    """Scalars of each epoch, as Keras's own callback names them, and the test's at the end.

    image_epochs: from one row of originals above their reconstructions to the next;
    histogram_epochs: of the weights. The settings are TensorBoard's hparams.
    """

    called: ClassVar[str] = "TensorBoard"
    package: ClassVar[str] = "tensorboard"

    def __init__(self, folder: str, image_epochs: Epochs = 5, histogram_epochs: Epochs = 0):
        super().__init__(folder)
        self._images, self._histograms = image_epochs, histogram_epochs
        self._writers: dict[str, Any] = {}

    def open(self, known):
        for part in ("", "train", "validation"):
            self._writers[part] = tf.summary.create_file_writer(
                str(self.folder / "tensorboard" / part)
            )
        from tensorboard.plugins.hparams import api

        with self._writers[""].as_default():
            settings = {name: _plain(value) for name, value in self.told.settings.items()}
            api.hparams_config(
                hparams=[api.HParam(name) for name in settings],
                metrics=[api.Metric("epoch_loss", group="validation", display_name="val_loss")],
            )
            api.hparams(settings, trial_id=self.told.name)
        self._writers[""].flush()

    def snapshot(self, epoch):
        seen: dict[str, Any] = {}
        if self._images and self.told.images is not None and (epoch - 1) % self._images == 0:
            x, target, labels = self.told.images
            made = list(self.model.pictured(x, label=labels).values())
            rows = np.concatenate([np.hstack(row) for row in (target, *made)])
            low, high = min(0.0, float(target.min())), max(1.0, float(target.max()))
            seen["images"] = np.clip((rows - low) / (high - low), 0, 1)
        if self._histograms and epoch % self._histograms == 0:
            seen["weights"] = {v.path: np.array(v) for v in self.model.trainable_variables}
        return seen

    def tell_epoch(self, epoch, values, seen):
        step = epoch - 1  # as Keras counts
        for name, value in values.items():
            part = "validation" if name.startswith("val_") else "train"
            with self._writers[part].as_default():
                tf.summary.scalar(f"epoch_{name.removeprefix('val_')}", value, step)
        with self._writers["validation"].as_default():
            if "images" in seen:
                picture = seen["images"][np.newaxis]
                about = "originals of the validation part, below them what the model makes"
                tf.summary.image("reconstructions", picture, step, description=about)
        with self._writers["train"].as_default():
            for name, weights in seen.get("weights", {}).items():
                tf.summary.histogram(name, weights, step)
        for writer in self._writers.values():
            writer.flush()

    def close(self, ended: Ended):
        with self._writers[""].as_default():
            for name, value in ended.metrics.items():
                tf.summary.scalar(f"test_{name}", value, 0)
        for writer in self._writers.values():
            writer.close()


def _plain(value: Any) -> bool | int | float | str:
    """hparams have numbers, texts and truths."""
    return value if isinstance(value, bool | int | float | str) else str(value)
