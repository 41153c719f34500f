"""The tokens of sentences as layers see them, and what a decoder is shown of them."""

import keras
from keras import ops
from scipy.special import ndtri

from aecli.networks.points import AtLast
from aecli.serial import register

END, UNKNOWN = 0, 1  # numbers of tokens; a sentence starts after the end of the one before


def numbers(x):
    """x [B, 1, T, C] -> the numbers [B, T] int32 of its first channel; 0 where there is none."""
    first = x[:, 0, :, 0]
    return ops.cast(ops.where(ops.isnan(first), ops.zeros_like(first), first), "int32")


def numbers_before(target):
    """target [B, 1, T, 1] -> [B, T] int32: at each point the token before it, first the end."""
    known = numbers(target)
    return ops.concatenate([ops.full_like(known[:, :1], END), known[:, :-1]], axis=1)


def dropped(before, draws, share: float):
    """before [B, T] with a share of the tokens as unknown; not the first, which is none.

    draws: standard normals [B, T], of which the lowest share drops.
    """
    is_kept = ops.cast(draws, "float32") >= float(ndtri(share))
    is_kept = ops.concatenate([ops.ones_like(is_kept[:, :1]), is_kept[:, 1:]], axis=1)
    return ops.where(is_kept, before, ops.full_like(before, UNKNOWN))


def until_end(x):
    """Tokens [B, 1, T, 1] float32 -> the same with NaN after the first end."""
    is_end = ops.cast(x == END, "int32")
    ended_before = ops.cumsum(is_end, axis=2) - is_end
    return ops.where(ended_before > 0, ops.full_like(x, float("nan")), x)


@register
class Numbers(keras.layers.Layer):
    """x [B, 1, T, C] -> the numbers [B, T] int32 of its first channel; 0 where there is none."""

    def call(self, x):
        return numbers(x)

    def compute_output_spec(self, x):
        return keras.KerasTensor((x.shape[0], x.shape[2]), dtype="int32")


@register
class Beside(keras.layers.Layer):
    """h [B, T, D] and x [B, 1, T, C] -> h beside all channels of x but the first."""

    def call(self, h, x):
        return ops.concatenate([h, ops.cast(x[:, 0, :, 1:], h.dtype)], axis=-1)

    def compute_output_shape(self, h_shape, x_shape):
        return (*h_shape[:2], h_shape[2] + x_shape[3] - 1)


@register
class AtEnds(AtLast):
    """h [B, T, D] and is_there [B, T] -> what a recurrent layer ends with, [B, D].

    is_two_way: whether the second half of D was read from the last point to the first.
    """

    def __init__(self, is_two_way: bool, **kwargs):
        super().__init__(**kwargs)
        self.is_two_way, self.supports_masking = is_two_way, True

    def compute_mask(self, *args, **kwargs):
        return None  # of one point there is nothing to mask

    def call(self, h, is_there):
        last = super().call(h, is_there)
        if not self.is_two_way:
            return last
        half = h.shape[-1] // 2
        return ops.concatenate([last[:, :half], h[:, 0, half:]], axis=-1)

    def get_config(self):
        return super().get_config() | {"is_two_way": self.is_two_way}
