"""The categorical likelihood of tokens: a softmax over the vocabulary at each of them."""

import dataclasses
from typing import Annotated, ClassVar

import keras
from keras import ops
from pydantic import Field

from aecli.errors import BadRequest
from aecli.losses.base import Loss
from aecli.serial import register


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class Categorical(Loss):
    """-log softmax(params)[x], x a whole number from 0 to token_count - 1 at each place.

    A decoder emits the logits of all tokens at each place. There is no mean of tokens: `mean` is
    the number of the most likely one, the first of several.

    token_count: how many there are; as many as the data have.
    """

    is_of_tokens: ClassVar[bool] = True

    token_count: Annotated[int, Field(ge=2, le=2**20, description="tokens that there are")]

    @property
    def params_per_channel(self) -> int:
        return self.token_count

    def log_prob(self, x, params):
        logits = self._by_token(params)
        taken = ops.cast(x, "int32")[..., None]
        chosen = ops.take_along_axis(logits, taken, axis=-1)[..., 0]
        each = chosen - ops.logsumexp(logits, axis=-1)
        return ops.sum(ops.reshape(each, (ops.shape(x)[0], -1)), axis=1)

    def mean(self, params):
        return ops.cast(ops.argmax(self._by_token(params), axis=-1), "float32")

    def sample(self, params, seed):
        logits = self._by_token(params)
        drawn = keras.random.categorical(ops.reshape(logits, (-1, self.token_count)), 1, seed=seed)
        return ops.cast(ops.reshape(drawn, ops.shape(logits)[:-1]), "float32")

    def check_range(self, low: float, high: float) -> None:
        if low < 0 or high > self.token_count - 1:
            raise BadRequest(
                f"loss=categorical is of the numbers 0 to {self.token_count - 1}; the data are in "
                f"[{low:g}, {high:g}]"
            )

    def _by_token(self, params):
        """[B, H, W, C * token_count] -> [B, H, W, C, token_count]"""
        return ops.reshape(params, (*ops.shape(params)[:-1], -1, self.token_count))
