"""Images in another light: brightness, contrast and saturation."""

import dataclasses
from typing import Annotated, ClassVar

import tensorflow as tf
from pydantic import Field

from aecli.augment.base import Augmentation, drawn
from aecli.dataspec import DataSpec
from aecli.errors import BadRequest

GREY = (0.299, 0.587, 0.114)  # of red, green, blue: ITU-R BT.601, luma


@dataclasses.dataclass(frozen=True, kw_only=True)
class Colour(Augmentation):
    """x + b, then contrast around the mean of the image times 1 + c, then colour times 1 + s.

    b, c and s are drawn evenly from -brightness .. brightness and so on; then all is cut to [0, 1].
    Colour is the difference to grey, of images of three channels alone.
    """

    moves_pixels: ClassVar[bool] = False

    brightness: Annotated[float, Field(ge=0, le=1, description="of the range [0, 1]")] = 0.1
    contrast: Annotated[float, Field(ge=0, lt=1, description="a share")] = 0.2
    saturation: Annotated[float, Field(ge=0, le=1, description="a share")] = 0.2

    def __call__(self, x, seed):
        brightness, contrast, saturation = (
            drawn(x, seed, stream, -most, most)[:, None, None, None]
            for stream, most in enumerate((self.brightness, self.contrast, self.saturation))
        )
        x = x + brightness
        mean = tf.reduce_mean(x, axis=[1, 2, 3], keepdims=True)
        x = mean + (1.0 + contrast) * (x - mean)
        if x.shape[-1] == 3:
            grey = tf.reduce_sum(x * tf.constant(GREY, x.dtype), axis=-1, keepdims=True)
            x = grey + (1.0 + saturation) * (x - grey)
        return tf.clip_by_value(x, 0.0, 1.0)

    def check(self, name: str, spec: DataSpec, low: float, high: float) -> None:
        super().check(name, spec, low, high)
        if not (low >= 0 and high <= 1):
            raise BadRequest(
                f"augment={name} cuts to [0, 1]; the images are in [{low:g}, {high:g}]\n"
                f"leave it out, or scale them: dataset.scale=minmax dataset.scale_per=global"
            )
