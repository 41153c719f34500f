"""A mixture of discretized logistics: grey levels that have several likely values."""

import dataclasses
from typing import Annotated, ClassVar

import keras
from keras import ops
from pydantic import Field

from aecli.divergences import sum_per_example
from aecli.losses.base import Loss
from aecli.losses.discretized_logistic import Levels, cut_mean, drawn, log_prob_of_levels
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class DiscretizedLogisticMixture(Loss):
    """log sum_k w_k p(x | m_k, s_k), p as in DiscretizedLogistic, for each channel by itself.

    Source: Salimans 2017 (PixelCNN++), eq. 1 and 2, without its eq. 3, by which a channel's
    location depends on the channels before it: given the code, all values are independent here, so
    that the mean is known without drawing, for any number of channels. The decoder emits, for each
    channel, the components' locations, then their log-scales, then the logits of their weights.
    """

    needs_unit_range: ClassVar[bool] = True
    is_of_levels: ClassVar[bool] = True
    keeps_measure: ClassVar[tuple[str, ...]] = ("components",)

    components: Annotated[int, Field(ge=1, le=100, description="logistics a channel")] = 5
    levels: Levels = 256

    @property
    def params_per_channel(self) -> int:
        return 3 * self.components

    def log_prob(self, x, params):
        location, log_scale, logits = self._split(params)
        each = log_prob_of_levels(ops.expand_dims(x, -1), location, log_scale, self.levels)
        return sum_per_example(ops.logsumexp(each + ops.log_softmax(logits, axis=-1), axis=-1))

    def mean(self, params):
        """The components' means, as DiscretizedLogistic's, weighted."""
        location, log_scale, logits = self._split(params)
        means = cut_mean(location, log_scale, self.levels)
        return ops.sum(ops.exp(ops.log_softmax(logits, axis=-1)) * means, axis=-1)

    def sample(self, params, seed):
        """A level of the component that is the largest of logits and Gumbel noise."""
        location, log_scale, logits = self._split(params)
        if not isinstance(seed, keras.random.SeedGenerator):
            seed = keras.random.SeedGenerator(seed)  # two draws, not the same twice
        u = keras.random.uniform(ops.shape(logits), minval=1e-7, maxval=1.0, seed=seed)
        chosen = ops.argmax(logits - ops.log(-ops.log(u * (1.0 - 1e-7))), axis=-1)
        values = drawn(location, log_scale, self.levels, seed)
        is_chosen = ops.one_hot(chosen, self.components, dtype=values.dtype)
        return ops.sum(is_chosen * values, axis=-1)

    def _split(self, params):
        """Three of [B, H, W, C, components]."""
        parts = ops.split(params, 3, axis=-1)
        channels = params.shape[-1] // self.params_per_channel
        return [ops.reshape(p, (*ops.shape(p)[:-1], channels, self.components)) for p in parts]
