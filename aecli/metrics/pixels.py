"""Errors of the reconstruction, a pixel."""

import dataclasses
from typing import Annotated

import numpy as np
from pydantic import Field

from aecli.metrics.base import Evaluation, Metric

CLIP = 1e-7  # as keras.losses.binary_crossentropy clips probabilities
FLOOR = 1e-10  # of an image's mean squared error: PSNR ends at 100 dB


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pixels(Metric):
    """bce (nats), mse, psnr (dB) between target and reconstruction."""

    peak: Annotated[float, Field(gt=0, description="of the PSNR, in data units")] = 1.0

    def __call__(self, evaluation: Evaluation) -> dict[str, float | None]:
        return pixel_errors(evaluation.target, evaluation.reconstruction, self.peak)


def pixel_errors(target, reconstruction, peak: float = 1.0) -> dict[str, float | None]:
    """Means over images and pixels of [N, H, W, C] arrays.

    bce: binary cross-entropy in nats, the reconstruction clipped into (0, 1) as Keras does; None
    where the target leaves [0, 1]. psnr: the mean over images of 10 log10(peak^2 / mse).
    """
    error = np.square(target.astype("float64") - reconstruction).mean(axis=(1, 2, 3))
    psnr = 10.0 * np.log10(peak**2 / np.maximum(error, FLOOR))
    return {
        "bce": _bce(target, reconstruction),
        "mse": float(error.mean()),
        "psnr": float(psnr.mean()),
    }


def _bce(target, reconstruction) -> float | None:
    if target.min() < 0 or target.max() > 1:
        return None
    p = np.clip(reconstruction.astype("float64"), CLIP, 1.0 - CLIP)
    return float(-(target * np.log(p) + (1.0 - target) * np.log1p(-p)).mean())
