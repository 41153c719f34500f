"""Anneal: how the charge for a code's information changes while a model is trained."""

import dataclasses
from typing import ClassVar

from aecli.component import Component


@dataclasses.dataclass(frozen=True, kw_only=True)
class Anneal(Component):
    """Functions of the epochs of training done, a float or a scalar tensor; None: at the end of it.

    `epochs` is the model's warmup_epochs, 0 for no warm-up: then all is as at the end. Evaluation
    is always as at the end, so that epochs stay comparable.
    """

    group: ClassVar[str] = "anneal"
    has_target: ClassVar[bool] = False  # whether the KL is drawn to a target, not to 0

    def factor(self, progress, epochs: float):
        """What the weight of the KL is multiplied by: 0 to 1."""
        return 1.0

    def target(self, progress, epochs: float):
        """The KL in nats that is aimed at, where has_target."""
        raise NotImplementedError


def ramp(progress, epochs: float):
    """From 0 to 1 over so many epochs, then 1."""
    from keras import ops

    return 1.0 if progress is None or not epochs else ops.minimum(1.0, progress / epochs)
