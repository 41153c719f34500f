"""Gated: whether a unit is active and how much are two questions to one direction."""

from typing import Annotated, ClassVar

from keras import ops
from pydantic import Field

from aecli.divergences import sum_per_example
from aecli.models.dictionary import Dictionary
from aecli.models.jump_relu import risen
from aecli.serial import register


@register
class Gated(Dictionary):
    """z = 1[pi > 0] ReLU(exp(r) u + b_m), pi = u + b_g, u = W_e (x - b).

    loss = reconstruction + weight * sum ReLU(pi) + gate, gate the loss of what a frozen decoder
    makes of ReLU(pi): by it alone does the gate learn to reconstruct, and the decoder learns
    nothing of it (Rajamanoharan et al. 2024, Improving dictionary learning with gated SAEs, eq. 6
    to 8; their weight times |x - x^|^2, as here with loss=mse).
    """

    keeps_measure: ClassVar[tuple[str, ...]] = ("warmup_epochs",)

    aux_weight: Annotated[float, Field(ge=0, description="weight of the dead units' loss")] = 0.0
    weight: Annotated[float, Field(ge=0, description="nats a unit of the gate")] = 1.0
    warmup_epochs: Annotated[float, Field(ge=0, description="epochs")] = 0

    def assemble(self):
        super().assemble()
        shape = self.code_shape
        self.log_scale = self.add_weight(name="log_scale", shape=shape, initializer="zeros")  # r
        self.shift = self.add_weight(name="shift", shape=shape, initializer="zeros")  # b_m

    def active(self, pre, training=False):
        bias, shift = (ops.convert_to_tensor(v) for v in (self.pre.bias, self.shift))
        size = ops.exp(self.log_scale) * (pre - bias) + shift
        return ops.where(pre > 0, ops.relu(size), 0.0)

    def term_names(self):
        return [*super().term_names(), "sparsity", "gate"]

    def penalties(self, batch, out, training=False):
        gate = ops.relu(out["pre"])
        kernel, bias = (ops.convert_to_tensor(v) for v in self.directions.weights)
        # the decoder held: what is added is 0, as is its gradient of the kernel
        params = ops.stop_gradient(ops.matmul(gate, kernel) + bias)
        params = params + ops.matmul(gate - ops.stop_gradient(gate), kernel)
        weight = self.weight * risen(batch.progress, self.warmup_epochs)
        terms = super().penalties(batch, out, training=training)
        terms |= {"sparsity": (weight, sum_per_example(gate))}
        return terms | {"gate": (1.0, self.misfit(batch.target, self._shaped(params)))}
