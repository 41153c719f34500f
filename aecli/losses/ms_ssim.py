"""Multi-scale structural similarity: local means, contrasts and covariances on halved images."""

import dataclasses
import math
from typing import Annotated, ClassVar

import numpy as np
from keras import ops
from pydantic import Field

from aecli.dataspec import by
from aecli.errors import BadRequest
from aecli.losses import activation as act
from aecli.losses.base import Loss
from aecli.serial import register

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # of the scales, the finest first
K1, K2 = 0.01, 0.03  # of the constants, in the range of the data
SPREAD = 1.5  # of the window, in pixels
LEAST = 1e-6  # of a scale's similarity, which may be negative: there a power has no gradient


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class MSSSIM(Loss):
    """weight * D * (1 - MS-SSIM), D the pixels times the channels; 0 where the images are equal.

    MS-SSIM is the product over the scales of powers of the mean contrast and structure, at the last
    scale with the luminance, and the mean over the channels (Wang, Simoncelli & Bovik 2003, eq. 7);
    its weights are the first of theirs, of a sum of 1. It is no likelihood: its unit is no nat.

    levels: scales, each half the size of the one before; null: as many as the image allows, 5 at
    most. window: the side of the Gaussian window, which lies wholly inside the image.
    """

    needs_unit_range: ClassVar[bool] = True
    is_likelihood: ClassVar[bool] = False
    is_of_whole_images: ClassVar[bool] = True
    keeps_measure: ClassVar[tuple[str, ...]] = act.SETTINGS

    weight: Annotated[float, Field(gt=0, description="a pixel of an image that is unlike")] = 1.0
    levels: Annotated[int, Field(ge=1, le=len(WEIGHTS), description="scales")] | None = None
    window: Annotated[int, Field(ge=3, le=255, multiple_of=1, description="pixels")] = 11
    activation: act.Name = "sigmoid"
    negative_slope: act.Slope = 0.3

    def check_shape(self, data_shape):
        side, (height, width) = min(data_shape[:2]), data_shape[:2]
        given = f"and these images are {by((height, width))}"
        if side < self.window:
            window = side - 1 + side % 2
            smaller = f"loss.window={window}, or " if window >= 3 else ""
            text = f"loss=ms_ssim compares windows of {self.window} pixels a side, {given}"
            raise BadRequest(f"{text}\ntake {smaller}loss=mse")
        if self.levels is not None and self.levels > (fit := fitting(side, self.window)):
            least = self.window * 2 ** (self.levels - 1)
            text = f"loss.levels={self.levels} halves images of at least {least} pixels a side"
            raise BadRequest(f"{text}, {given}\ntake loss.levels={fit}, or a smaller loss.window")

    def __call__(self, target, params):
        size = math.prod(target.shape[1:])
        levels = self.levels or fitting(min(target.shape[1:3]), self.window)
        return self.weight * size * (1.0 - ms_ssim(target, self.mean(params), levels, self.window))

    def mean(self, params):
        return act.activate(params, self.activation, self.negative_slope)


def fitting(side: int, window: int) -> int:
    """How many scales an image of a side of so many pixels has, 1 to 5."""
    return next((n for n in range(len(WEIGHTS), 1, -1) if side // 2 ** (n - 1) >= window), 1)


def ms_ssim(x, y, levels: int, window: int):
    """MS-SSIM of images [B, H, W, C] in [0, 1]: [B], 1 where they are equal."""
    channels = x.shape[-1]
    x, y = (_channels_apart(image) for image in (x, y))
    weights, total = np.array(WEIGHTS[:levels]) / sum(WEIGHTS[:levels]), 1.0
    for level, weight in enumerate(weights):
        if level:
            x, y = (ops.average_pool(image, 2, 2, padding="valid") for image in (x, y))
        luminance, contrast = compared(x, y, window)
        value = contrast if level < levels - 1 else luminance * contrast
        mean = ops.mean(value, axis=(1, 2, 3))
        total = total * ops.maximum(mean, LEAST) ** float(weight)
    return ops.mean(ops.reshape(total, (-1, channels)), axis=1)


def compared(x, y, window: int):
    """Luminance, and contrast times structure, at each place of a window: [B, h, w, 1] each.

    Source: Wang, Bovik, Sheikh & Simoncelli 2004, eq. 6, 9 and 10, of which the last two are one
    where C3 = C2 / 2.
    """
    mean_x, mean_y = _blurred(x, window), _blurred(y, window)
    of_squares = _blurred(ops.square(x) + ops.square(y), window)
    squares = ops.square(mean_x) + ops.square(mean_y)
    covariance = _blurred(x * y, window) - mean_x * mean_y
    luminance = (2.0 * mean_x * mean_y + K1**2) / (squares + K1**2)
    return luminance, (2.0 * covariance + K2**2) / (of_squares - squares + K2**2)


def _blurred(x, size: int):
    """x [B, H, W, 1] under a Gaussian window of a sum of 1, inside the image alone."""
    places = np.arange(size) - (size - 1) / 2
    window = np.exp(-0.5 * np.square(places / SPREAD))
    window = (window / window.sum()).astype("float32")
    x = ops.conv(x, window.reshape(-1, 1, 1, 1), padding="valid")
    return ops.conv(x, window.reshape(1, -1, 1, 1), padding="valid")


def _channels_apart(x):
    """[B, H, W, C] -> [B * C, H, W, 1]"""
    height, width = x.shape[1:3]
    return ops.reshape(ops.transpose(x, (0, 3, 1, 2)), (-1, height, width, 1))
