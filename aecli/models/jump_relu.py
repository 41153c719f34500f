"""JumpReLU: a unit is active above a threshold of its own, which is learned."""

import math
from typing import Annotated, ClassVar

import keras
from keras import ops
from pydantic import Field

from aecli.divergences import sum_per_example
from aecli.models.dictionary import Dictionary
from aecli.models.sparse_codes import jump_relu, step
from aecli.serial import register


@register
class JumpReLU(Dictionary):
    """loss = reconstruction + weight * L0, L0 = sum_j 1[pre_j > theta_j], z = pre 1[pre > theta].

    Both jump in theta; its gradient is that of their expectation, estimated by a kernel of the
    width `bandwidth` (Rajamanoharan et al. 2024, Jumping Ahead, eq. 9 to 12). theta = exp of what
    is trained.
    """

    keeps_measure: ClassVar[tuple[str, ...]] = ("threshold", "bandwidth", "warmup_epochs")

    aux_weight: Annotated[float, Field(ge=0, description="weight of the dead units' loss")] = 0.0
    weight: Annotated[float, Field(ge=0, description="nats an active unit")] = 0.1
    threshold: Annotated[float, Field(gt=0, description="at the start")] = 0.1
    bandwidth: Annotated[float, Field(gt=0, description="in the unit of the code")] = 0.1
    warmup_epochs: Annotated[float, Field(ge=0, description="epochs")] = 0

    def assemble(self):
        super().assemble()
        start = keras.initializers.Constant(math.log(self.threshold))
        shape = self.code_shape
        self.log_theta = self.add_weight(name="log_theta", shape=shape, initializer=start)

    @property
    def theta(self):
        """[n] > 0."""
        return ops.exp(self.log_theta)

    def active(self, pre, training=False):
        return jump_relu(pre, self.theta, self.bandwidth)

    def term_names(self):
        return [*super().term_names(), "l0_charged"]

    def penalties(self, batch, out, training=False):
        units = sum_per_example(step(out["pre"], self.theta, self.bandwidth))
        weight = self.weight * risen(batch.progress, self.warmup_epochs)
        terms = super().penalties(batch, out, training=training)
        return terms | {"l0_charged": (weight, units)}


def risen(progress, epochs: float):
    """The share of a weight after so many epochs of training: from 0 to 1 in a line; None: 1."""
    if progress is None or epochs == 0:
        return 1.0
    return ops.minimum(progress / epochs, 1.0)
