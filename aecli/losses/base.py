"""Loss: the likelihood that a decoder parameterises."""

import dataclasses
from typing import Any, ClassVar

from keras import ops

from aecli.component import Component
from aecli.errors import BadRequest, NotApplicable


@dataclasses.dataclass(frozen=True, kw_only=True)
class Loss(Component):
    """A likelihood p(x | params) of images x [B, H, W, C] given a decoder's output.

    A decoder emits params [B, H, W, C * params_per_channel], never activated pixels; this object
    alone turns them into pixels.
    """

    group: ClassVar[str] = "loss"
    params_per_channel: ClassVar[int] = 1
    needs_unit_range: ClassVar[bool] = False  # data must lie in [0, 1]
    is_of_tokens: ClassVar[bool] = False  # log_prob is of numbers that are names
    is_of_binary_data: ClassVar[bool] = False  # log_prob is normalised over {0, 1} alone
    is_of_levels: ClassVar[bool] = False  # log_prob is a probability of grey levels, no density
    is_likelihood: ClassVar[bool] = True  # whether there is a log_prob
    is_of_whole_images: ClassVar[bool] = False  # no sum over pixels: none may be missing

    def __call__(self, target, params):
        """Per-example loss in nats, summed over pixels: [B]. Constants may be left out."""
        return -self.log_prob(target, params)

    def log_prob(self, x, params):
        """log p(x | params), in nats an image: [B]. Raises NotApplicable where there is none."""
        raise self._no_likelihood()

    def parts(self, target, params) -> dict[str, Any]:
        """{name: its share of the loss [B] in nats} of one that is made of several likelihoods."""
        return {}

    @property
    def part_names(self) -> list[str]:
        """The names of its parts."""
        return []

    @property
    def described(self) -> str:
        """What is said behind its name."""
        return ""

    def mean(self, params):
        """The expected image: [B, H, W, C]."""
        raise NotImplementedError

    def sample(self, params, seed):
        """An image drawn from p(x | params): [B, H, W, C]. seed: int or keras SeedGenerator."""
        raise self._no_likelihood()

    def check_shape(self, data_shape: tuple) -> None:
        """Refuse images [H, W, C] that it cannot compare. Raises BadRequest."""

    def check_range(self, low: float, high: float) -> None:
        """Refuse data that the likelihood gives no probability. Raises BadRequest."""
        if self.needs_unit_range and not (low >= 0.0 and high <= 1.0):
            raise BadRequest(
                f"loss={self._option()} needs data in [0, 1]; the images are in "
                f"[{low:g}, {high:g}]\nscale them: dataset.scale=minmax, or take loss=mse"
            )

    def _no_likelihood(self) -> NotApplicable:
        option = self._option()
        return NotApplicable(f"needs a likelihood, which loss={option} is not: take loss=mse")

    def _option(self) -> str:
        return type(self).__module__.rsplit(".", 1)[-1]


def of_points(measure, target, params):
    """What `measure` gives, summed over the points of a series that are there: [B].

    measure: a Loss or its log_prob, a sum over points. target: [B, 1, T, C], NaN where a point is
    missing; params: [B, 1, T, C * params_per_channel].
    """
    channels, points = target.shape[-1], target.shape[1] * target.shape[2]
    is_there = ops.logical_not(ops.any(ops.isnan(target), axis=-1, keepdims=True))
    filled = ops.where(is_there, target, ops.zeros_like(target))  # else gradients were NaN
    each = measure(
        ops.reshape(filled, (-1, 1, 1, channels)), ops.reshape(params, (-1, 1, 1, params.shape[-1]))
    )
    each = ops.where(ops.reshape(is_there, (-1,)), each, ops.zeros_like(each))
    return ops.sum(ops.reshape(each, (-1, points)), axis=-1)
