"""What the longer methods of Run return: arrays and figures of merit, drawn when asked."""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from aecli import look
from aecli.api import composed
from aecli.api.plainly import plainly
from aecli.errors import BadRequest

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

    from aecli.io.arrays import Given


@dataclasses.dataclass(frozen=True, repr=False)
class Drawable:
    """command: which one shows the same; draw: makes its figure."""

    command: str
    draw: Callable[[], "Figure"]

    def figure(self, **style: Any) -> "Figure":
        """Returns what the command draws, as a matplotlib.figure.Figure, nothing written.

        style: the keys of the figures, as style="paper", width="double", title=False.
        """
        with plainly(self.command):
            if other := sorted(style.keys() - {look.GROUP, *look.KEYS}):
                known = ", ".join((look.GROUP, *look.KEYS))
                raise BadRequest(f"{other[0]} is none of the keys of a figure: {known}")
            with look.of(composed.config(self.command, style)).used():
                return self.draw()

    def __repr__(self) -> str:
        told = (field.name for field in dataclasses.fields(self))
        own = [name for name in told if name not in ("command", "draw", "prepared")]
        return f"{type(self).__name__}({', '.join(own)}, figure())"


@dataclasses.dataclass(frozen=True, repr=False)
class Denoised(Drawable):
    """x: the expected clean examples, noisy: what the model was given, both in X's kind and unit.

    metrics: {"noisy", each filter, "denoised": {"psnr", "ssim"}}, {} where nothing clean is known.
    """

    x: Any
    noisy: Any
    metrics: dict[str, dict[str, float | None]]


@dataclasses.dataclass(frozen=True, repr=False)
class Traversal(Drawable):
    """x: [units drawn, steps, ...] in the training's unit; of a table with named columns a data
    frame, a row each. at: [steps] standard deviations.

    units: {"unit", "kl", "variance" ...: [D]}, of all units, the first drawn first.
    """

    x: Any
    at: np.ndarray
    units: dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True, repr=False)
class Probed(Drawable):
    """metrics: what `aecli probe` writes; its "rows" are a table: pandas.DataFrame(rows)."""

    metrics: dict[str, Any]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One a feature set and number of labels, with the accuracies of both classifiers."""
        return self.metrics["rows"]


@dataclasses.dataclass(frozen=True, repr=False)
class Finetuned(Drawable):
    """metrics: what `aecli finetune` writes; history: {"pretrained", "scratch": {column: [E]}}.

    model: the Keras classifier on the run's encoder, which takes scaled floats; labels: what its
    outputs stand for.
    """

    metrics: dict[str, Any]
    history: dict[str, dict[str, list[float]]]
    model: "keras.Model"
    labels: list
    prepared: Callable[[Any], "Given"]

    def predict(self, X: Any) -> np.ndarray:
        """Returns the most probable label of each example, [N]; X as Run takes it."""
        with plainly(self.command):
            given, quiet = self.prepared(X), 0
            told: Any = quiet  # where Keras's own default is a word
            found = self.model.predict(given.images.x, batch_size=1000, verbose=told)
            return np.array(self.labels)[found.argmax(axis=1)]
