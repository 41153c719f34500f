"""What a VAE may charge instead of its KL: free bits, the distance to a capacity."""

from typing import TYPE_CHECKING, Any, ClassVar

from keras import ops

from aecli.divergences import sum_per_example
from aecli.errors import BadRequest
from aecli.latents.anneal.base import Anneal
from aecli.models.asked import Asked
from aecli.models.batch import batch_mean

KL_RATE = 0.01  # of the running mean of the units' KL: of about the last 100 steps


class Charged(Asked):
    """Mix-in of VAE, for free_bits and for an anneal that has a target.

    may_charge_otherwise: whether the variant's objective asks for `charged`.
    """

    may_charge_otherwise: ClassVar[bool] = True

    free_bits: float  # these are the VAE's
    warmup_epochs: float
    anneal: Anneal
    if TYPE_CHECKING:

        @property
        def has_exact_kl(self) -> bool: ...
        def kl_of_heads(self, heads) -> Any: ...

    @property
    def charges_otherwise(self) -> bool:
        """Whether something else than the KL is charged for."""
        return self.free_bits > 0 or self.anneal.has_target

    def prepare_charge(self) -> None:
        if not self.may_charge_otherwise:
            raise BadRequest(
                f"model.free_bits and model/anneal=capacity are not for {type(self).__name__}: "
                "take model=vae"
            )
        if not self.has_exact_kl:
            raise BadRequest(
                "model.free_bits and model/anneal=capacity need the KL of each code unit: take "
                "model/posterior=gaussian and model/prior=standard"
            )
        self.running_kl = self.add_weight(
            name="running_kl", shape=self.code_shape, initializer="zeros", trainable=False
        )
        self.running_steps = self.add_weight(
            name="running_steps", shape=(), initializer="zeros", trainable=False
        )

    def charged(self, batch, out, training):
        """What is charged instead of the KL [B]; its mean over a training batch is the sources'.

        Both have a kink in a mean over the batch. In evaluation a running mean of the training's
        is in its place, so that an example's loss does not depend on its neighbours.
        """
        units = self.kl_of_heads(out)
        mean = ops.stop_gradient(batch_mean(units)) if training else self.running_kl
        if training:
            self._remember(mean)
        free = ops.full_like(units, self.free_bits)
        kl = sum_per_example(ops.where(mean > self.free_bits, units, free))
        if not self.anneal.has_target:
            return kl
        target = self.anneal.target(batch.progress, self.warmup_epochs)
        gap = ops.sum(ops.maximum(mean, self.free_bits)) - target
        return ops.sign(gap) * (kl - target) if training else ops.full_like(kl, ops.abs(gap))

    def _remember(self, mean) -> None:
        rate = ops.maximum(KL_RATE, 1.0 / (self.running_steps + 1.0))
        self.running_kl.assign_add(rate * (mean - self.running_kl))
        self.running_steps.assign_add(1.0)
