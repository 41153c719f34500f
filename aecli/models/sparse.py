"""Sparse autoencoders: a penalty keeps most code units quiet."""

from typing import Annotated, Literal

from keras import ops
from pydantic import Field

from aecli.divergences import bernoulli_kl, sum_per_example
from aecli.errors import BadRequest
from aecli.models.ae import AE
from aecli.models.batch import batch_mean
from aecli.networks.base import Activation
from aecli.serial import register

RATE_MOMENTUM = 0.99  # of the running activation rate, as batch normalisation's default


@register
class Sparse(AE):
    """l1: weight * sum |z|. kl: weight * sum_j KL(rate || rate_j), rate_j the mean activity.

    The KL form needs codes in [0, 1] (code_activation sigmoid). In training rate_j is the mean
    over the batch; in evaluation a running mean of it, so that an image's loss does not depend on
    its neighbours. Source of the KL form: Ng 2011, Sparse autoencoder, CS294A lecture notes.
    """

    code_activation: Activation = "relu"
    penalty: Literal["l1", "kl"] = "l1"
    weight: Annotated[float, Field(ge=0, description="nats a unit of the penalty")] = 0.0784
    rate: Annotated[float, Field(gt=0, lt=1, description="target activation rate")] = 0.05

    def assemble(self):
        if self.penalty == "kl" and self.code_activation != "sigmoid":
            raise BadRequest(
                "model.penalty=kl needs a code in [0, 1]: model.code_activation=sigmoid; "
                f"got {self.code_activation!r}"
            )
        super().assemble()
        if self.penalty == "kl":
            self.running_rate = self.add_weight(
                name="running_rate", shape=self.code_shape, initializer=_constant(self.rate),
                trainable=False,
            )  # fmt: skip

    def term_names(self):
        return ["reconstruction", "sparsity"]

    def penalties(self, batch, out, training=False):
        z = out["z"]
        if self.penalty == "l1":
            return {"sparsity": (self.weight, sum_per_example(ops.abs(z)))}
        rate = self.running_rate
        if training:
            rate = batch_mean(z)
            self.running_rate.assign(
                RATE_MOMENTUM * self.running_rate + (1 - RATE_MOMENTUM) * ops.stop_gradient(rate)
            )
        divergence = ops.sum(bernoulli_kl(self.rate, rate))
        return {"sparsity": (self.weight, ops.broadcast_to(divergence, (ops.shape(z)[0],)))}


def _constant(value: float):
    return lambda shape, dtype: ops.full(shape, value, dtype)
