"""Learning-rate schedules, in epochs, as functions of the optimizer's own learning_rate."""

import dataclasses
from typing import Annotated, ClassVar

from keras.optimizers import schedules
from pydantic import Field

from aecli.component import Component
from aecli.errors import BadRequest


@dataclasses.dataclass(frozen=True, kw_only=True)
class Schedule(Component):
    """(learning rate, steps in all, steps an epoch) -> float or keras LearningRateSchedule."""

    group: ClassVar[str] = "schedule"

    def __call__(self, learning_rate: float, steps: int, steps_per_epoch: int):
        return learning_rate


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cosine(Schedule):
    """Half a cosine from learning_rate to final_fraction of it (Loshchilov & Hutter 2017)."""

    final_fraction: Annotated[float, Field(ge=0, le=1, description="of learning_rate")] = 0.0
    warmup_epochs: Annotated[float, Field(ge=0, description="linear rise from 0, in epochs")] = 0

    def __call__(self, learning_rate: float, steps: int, steps_per_epoch: int):
        warmup = int(self.warmup_epochs * steps_per_epoch)
        if warmup >= steps:
            raise BadRequest(
                f"schedule.warmup_epochs={self.warmup_epochs} is not shorter than the training "
                f"({steps / steps_per_epoch:g} epochs)"
            )
        if not warmup:
            return schedules.CosineDecay(learning_rate, steps, alpha=self.final_fraction)
        return schedules.CosineDecay(
            0.0, steps - warmup, self.final_fraction, warmup_target=learning_rate,
            warmup_steps=warmup,
        )  # fmt: skip


@dataclasses.dataclass(frozen=True, kw_only=True)
class Exponential(Schedule):
    """learning_rate * rate ** epochs, smooth within an epoch unless staircase."""

    rate: Annotated[float, Field(gt=0, le=1, description="factor an epoch")] = 0.95
    staircase: bool = False

    def __call__(self, learning_rate: float, steps: int, steps_per_epoch: int):
        return schedules.ExponentialDecay(
            learning_rate, steps_per_epoch, self.rate, staircase=self.staircase
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Piecewise(Schedule):
    """learning_rate * factors[i] from epochs[i] on; learning_rate before epochs[0]."""

    epochs: list[Annotated[float, Field(gt=0)]]
    factors: list[Annotated[float, Field(gt=0)]]

    def __post_init__(self):
        super().__post_init__()
        if len(self.epochs) != len(self.factors) or sorted(set(self.epochs)) != list(self.epochs):
            raise BadRequest(
                "schedule.epochs must rise and schedule.factors have as many entries; "
                f"got {self.epochs} and {self.factors}"
            )

    def __call__(self, learning_rate: float, steps: int, steps_per_epoch: int):
        boundaries = [round(epoch * steps_per_epoch) for epoch in self.epochs]
        values = [learning_rate, *(learning_rate * factor for factor in self.factors)]
        return schedules.PiecewiseConstantDecay(boundaries, values)
