"""DIP-VAE: the covariance of the codes over the data is drawn towards the identity."""

import math
from typing import Annotated, ClassVar, Literal

from keras import ops
from pydantic import Field

from aecli.latents.posteriors.gaussian import Gaussian
from aecli.models.batch import batch_mean, batch_sum
from aecli.models.memory import RunningMean
from aecli.models.vae import VAE
from aecli.quantity import LOWER, Quantity
from aecli.serial import register


@register
class DIPVAE(VAE):
    """loss = reconstruction + beta * KL + lambda_od * off_diagonal + lambda_d * diagonal.

    off_diagonal = sum_{i != j} C_ij^2 and diagonal = sum_i (C_ii - 1)^2, C a covariance of the
    codes over the data (Kumar, Sattigeri & Balakrishnan 2018, eq. 6 and 7). kind i: of the
    posterior's means, Cov(mu); ii: of the codes themselves, Cov(mu) + E diag(sigma^2) (eq. 5).

    In training C is that of the batch, divided by B, as the reference has it: too small by the
    share 1/B. In evaluation it is the mean of the last hundred or so batches' C, so that an
    example's loss does not depend on its neighbours. As the square of a mean, the terms are then
    lower than in training, where chance adds the variance of each C_ij.
    """

    about_terms: ClassVar[dict[str, Quantity]] = {
        "off_diagonal": Quantity("", LOWER, "sum of the codes' squared covariances", True),
        "diagonal": Quantity("", LOWER, "sum of (variance of a code unit - 1)^2", True),
    }

    posterior: Gaussian = Gaussian()
    kind: Literal["i", "ii"] = "i"
    lambda_od: Annotated[float, Field(ge=0, description="weight of the off-diagonal")] = 1.0
    lambda_d: Annotated[float, Field(ge=0, description="weight of the diagonal")] = 10.0

    def assemble(self):
        super().assemble()
        self.code_size = math.prod(self.code_shape)
        self.running = RunningMean(ops.eye(self.code_size))

    def term_names(self):
        return [*super().term_names(), "off_diagonal", "diagonal"]

    def penalties(self, batch, out, training=False):
        terms = super().penalties(batch, out, training=training)
        covariance = self.running.value
        if training:
            covariance = self.covariance(out["mean"], out["log_var"])
            self.running.follow(covariance)
        off_diagonal, diagonal = distances_from_identity(covariance)
        shape = (ops.shape(out["z"])[0],)
        return terms | {
            "off_diagonal": (self.lambda_od, ops.broadcast_to(off_diagonal, shape)),
            "diagonal": (self.lambda_d, ops.broadcast_to(diagonal, shape)),
        }

    def covariance(self, mean, log_var):
        """C [D, D] over a training batch, of the posteriors' heads [B, *code_shape]."""
        flat = (-1, self.code_size)
        covariance = batch_covariance(ops.reshape(mean, flat))
        if self.kind == "i":
            return covariance
        return covariance + ops.diag(batch_mean(ops.exp(ops.reshape(log_var, flat))))


def batch_covariance(x):
    """The covariance [D, D] of x [B, D] over the training batch, divided by B."""
    centred = x - batch_mean(x)
    products = ops.matmul(ops.transpose(centred), centred)
    return batch_sum(products[None]) / batch_sum(ops.ones_like(x[:, 0]))


def distances_from_identity(covariance):
    """-> sum of the squares off the diagonal of [D, D], sum of the squares of C_ii - 1."""
    diagonal = ops.diagonal(covariance)
    rest = covariance - ops.diag(diagonal)
    return ops.sum(ops.square(rest)), ops.sum(ops.square(diagonal - 1.0))
