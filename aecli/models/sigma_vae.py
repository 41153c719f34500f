"""The sigma-VAE: one standard deviation for all pixels, which is the best one or learned."""

import math
from typing import Any, ClassVar, Literal

from keras import ops

from aecli.divergences import gaussian_log_prob, sum_per_example
from aecli.errors import BadRequest
from aecli.losses.base import of_points
from aecli.losses.gaussian import Gaussian
from aecli.models.batch import batch_sum
from aecli.models.vae import VAE
from aecli.models.watched import MeanOf
from aecli.quantity import LOWER, Quantity
from aecli.serial import register

RATE = 0.01  # of the running mean of the batches' variances: of about the last 100 steps
STDDEV = Quantity("", LOWER, "standard deviation of a pixel, of the data as they are scaled")


@register
class SigmaVAE(VAE):
    """loss = -log N(x; mean, s^2 I) + beta * KL, all constants included; s is one number.

    scale=optimal: s^2 is the mean squared error of the training batch, over examples and pixels,
    for which the likelihood is greatest (Rybkin et al. 2021, optimal sigma-VAE): the gradient to s
    is 0 there. In evaluation it is the running mean of those of the training, so that an example's
    loss does not depend on its neighbours. learned: s is a parameter.

    It is for loss=gaussian, whose stddev says where s begins and whose min_stddev is its least.
    """

    keeps_measure: ClassVar[tuple[str, ...]] = ("scale",)
    about: ClassVar[dict[str, Quantity]] = VAE.about | {"stddev": STDDEV}

    scale: Literal["optimal", "learned"] = "optimal"

    def assemble(self):
        loss = self.reconstruction_loss
        if not (isinstance(loss, Gaussian) and loss.stddev is not None):
            raise BadRequest(
                "this model has one standard deviation for all pixels: take loss=gaussian, and say "
                "where it begins, loss.stddev=1.0"
            )
        super().assemble()
        start, self.floor = (2.0 * math.log(s) for s in (loss.stddev, loss.min_stddev))
        start = max(start, self.floor)
        self.pixel_log_var = self.add_weight(
            name="pixel_log_var", shape=(), trainable=self.scale == "learned",
            initializer=lambda shape, dtype: ops.full(shape, start, dtype),
        )  # fmt: skip
        self.scale_steps = self.add_weight(name="scale_steps", initializer="zeros", trainable=False)

    def watches(self):
        return [*super().watches(), MeanOf("stddev", STDDEV)]

    @property
    def log_var(self):
        """log s^2 []."""
        if self.scale == "optimal":
            return ops.convert_to_tensor(self.pixel_log_var)
        above = ops.softplus(self.pixel_log_var - self.floor)  # soft: gradients on both sides
        return self.floor + above

    def misfit(self, target, params, log_var: Any = None):
        """log_var: log s^2 [], None for its own."""
        log_var = self.log_var if log_var is None else log_var

        def nll(x, params):
            return -gaussian_log_prob(x, self.reconstruction_loss.mean(params), log_var)

        return of_points(nll, target, params) if self.has_gaps else nll(target, params)

    def log_likelihood(self, target, params):
        return -self.misfit(target, params)

    def objective(self, batch, out, player="model", training=False):
        loss, terms, watched = super().objective(batch, out, player, training=training)
        log_var = self.log_var
        if training and self.scale == "optimal":
            log_var = self._of_batch(batch.target, out["params"])
            nll = self.misfit(batch.target, out["params"], log_var)
            loss = loss - terms["reconstruction"] + nll
            terms = terms | {"reconstruction": nll}
        return loss, terms, watched | {"stddev": ops.exp(0.5 * log_var) * ops.ones_like(loss)}

    def _of_batch(self, target, params):
        """log of the batch's mean squared error [], without gradient; also remembers it."""
        squares = ops.square(target - self.reconstruction_loss.mean(params))
        is_missing, none = ops.any(ops.isnan(target), -1, keepdims=True), ops.zeros_like(squares)
        total = batch_sum(sum_per_example(ops.where(is_missing, none, squares)))
        count = batch_sum(sum_per_example(ops.where(is_missing, none, ops.ones_like(squares))))
        variance = ops.maximum(ops.stop_gradient(total / count), math.exp(self.floor))
        rate = ops.maximum(RATE, 1.0 / (self.scale_steps + 1.0))
        before = ops.exp(self.pixel_log_var)
        self.pixel_log_var.assign(ops.log(before + rate * (variance - before)))
        self.scale_steps.assign_add(1.0)
        return ops.log(variance)
