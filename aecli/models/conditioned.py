"""What a model is told beside its examples: the label of each, where it asks for them."""

import inspect
from typing import Any, ClassVar, Literal

from keras import ops

from aecli.errors import BadRequest
from aecli.models.asked import Asked

Condition = Literal["none", "label"]
NO_LABELS = (
    "this model needs the label of each image, counted from 0, and the data have none: take "
)


class Conditioned(Asked):
    """Mix-in of Autoencoder, for a variant that makes `condition` and `label_count` its settings.

    condition=label: the one-hot label is concatenated to what the encoder is given and to what the
    decoder is given: to the numbers of a flat image or code, else as channels, the same at each
    place (Sohn, Lee & Yan 2015, with a prior that does not depend on the label).

    label_count: labels are 0 .. label_count - 1, as many as the data have; None: it asks for none.
    """

    condition: Condition = "none"
    label_count: int | None = None
    settings: ClassVar[dict[str, inspect.Parameter]]

    @classmethod
    def asks_for_labels(cls, settings: dict[str, Any]) -> bool:
        """Whether a model of these settings does, which is not built yet."""
        count = cls.settings.get("label_count")
        is_needed = count is not None and count.default is inspect.Parameter.empty
        return is_needed or settings.get("condition", cls.condition) == "label"

    def encoder_shape(self) -> tuple[int, ...]:
        """The shape of what the encoder is given of an example. Raises BadRequest."""
        if self.condition == "none":
            return self.data_shape
        if self.label_count is None:
            raise BadRequest(f"{NO_LABELS}model.condition=none, or data with labels")
        return self.network.shape_beside(self.data_shape, self.label_count)

    def encoder_input(self, x, label=None):
        """What the encoder is given for x, and labels [B]: [B, *self.encoder_shape()]."""
        if self.condition == "label":
            *places, size = self.encoder_shape()
            x = ops.reshape(x, (-1, *places, size - self._labels))
        return self.seen(self.beside_label(x, label))

    def shape_beside_label(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """That of an example which beside_label gives where it is given one of `shape`."""
        return shape if self.condition == "none" else (*shape[:-1], shape[-1] + self._labels)

    def beside_label(self, x, label):
        """x [B, ..., D] and labels [B] -> [B, ..., D + label_count]; x where none are told."""
        if self.condition == "none":
            return x
        told = ops.one_hot(label, self._labels, dtype=x.dtype)
        told = ops.reshape(told, (-1, *[1] * (len(x.shape) - 2), self._labels))
        at_each_place = told + ops.zeros_like(x[..., :1])
        return ops.concatenate([x, at_each_place], axis=-1)

    @property
    def _labels(self) -> int:
        return self.label_count or 0
