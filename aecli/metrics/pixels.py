"""Errors of the reconstruction, a pixel."""

import dataclasses
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from aecli.metrics.base import Evaluation, Figures, ImageMetric
from aecli.quantity import HIGHER, LOWER, Quantity

CLIP = 1e-7  # as keras.losses.binary_crossentropy clips probabilities
BLOCK = 1000  # images at a time, for the memory's sake
FLOOR = 1e-10  # of an image's mean squared error: PSNR ends at 100 dB
ROUNDING = 1e-6
Peak = Annotated[float | None, Field(ge=1e-12, le=1e12, description="the range of the data")]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pixels(ImageMetric):
    """bce (nats), mse, psnr (dB) between target and reconstruction; of a table no psnr."""

    about: ClassVar[dict[str, Quantity]] = {
        "bce": Quantity("nats a pixel", LOWER, "binary cross-entropy"),
        "mse": Quantity("a pixel", LOWER, "mean squared error"),
        "psnr": Quantity("dB", HIGHER, "peak signal-to-noise ratio"),
    }

    peak: Peak = None

    def compare(self, target, image, data_range) -> Figures:
        return pixel_errors(target, image, self.peak or scale_of(data_range)[1])

    def __call__(self, evaluation: Evaluation) -> Figures:
        return _of_kind(evaluation, super().__call__(evaluation))

    def baselines(self, evaluation: Evaluation) -> dict[str, Figures]:
        found = super().baselines(evaluation)
        return {name: _of_kind(evaluation, figures) for name, figures in found.items()}

    def quantities(self, evaluation: Evaluation) -> dict[str, Quantity]:
        peak = self.peak or scale_of(evaluation.data_range)[1]
        if peak == 1:
            return self.about
        psnr = self.about["psnr"]
        meaning = f"{psnr.meaning}, of values {peak:.6g} apart at most"
        return self.about | {"psnr": dataclasses.replace(psnr, meaning=meaning)}

    def notes(self, evaluation: Evaluation) -> list[str]:
        notes = [] if _is_table(evaluation) else beyond("psnr", self.peak, evaluation)
        if np.nanmin(evaluation.target) < 0 or np.nanmax(evaluation.target) > 1:
            notes.append("bce needs data in [0, 1]")
        return notes


def _is_table(evaluation: Evaluation) -> bool:
    return evaluation.run.model.spec.kind == "table"


def _of_kind(evaluation: Evaluation, figures: Figures) -> Figures:
    """Columns of different units have no peak that they share."""
    if not _is_table(evaluation):
        return figures
    return {name: value for name, value in figures.items() if name != "psnr"}


def scale_of(data_range: tuple[float, float]) -> tuple[float, float]:
    """(what counts as 0, the peak above it) of data of such a range: (0, 1) of data in [0, 1]."""
    low, high = data_range
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, (high - low) or 1.0)


def beyond(name: str, peak: float | None, evaluation: Evaluation) -> list[str]:
    """A note where the data's range is more than a metric was told, or than the training's."""
    peak = peak or scale_of(evaluation.data_range)[1]
    low, high = float(np.nanmin(evaluation.target)), float(np.nanmax(evaluation.target))
    if high - low <= peak * (1 + ROUNDING):
        return []
    return [f"{name} is for values {peak:g} apart at most; these are in [{low:.3g}, {high:.3g}]"]


def pixel_errors(target, reconstruction, peak: float = 1.0) -> Figures:
    """Means over images and pixels of [N, H, W, C] arrays; NaN are points that are missing.

    bce: binary cross-entropy in nats, the reconstruction clipped into (0, 1) as Keras does; None
    where the target leaves [0, 1]. psnr: the mean over images of 10 log10(peak^2 / mse).
    """
    blocks = [slice(i, i + BLOCK) for i in range(0, len(target), BLOCK)]
    in_range = np.nanmin(target) >= 0 and np.nanmax(target) <= 1
    errors = [_squares(target[rows], reconstruction[rows]) for rows in blocks]
    entropies = [_entropies(target[rows], reconstruction[rows]) for rows in blocks if in_range]
    error = np.concatenate(errors)
    return {
        "bce": float(np.concatenate(entropies).mean()) if in_range else None,
        "mse": float(error.mean()),
        "psnr": float((10.0 * np.log10(peak**2 / np.maximum(error, FLOOR))).mean()),
    }


def _squares(target: np.ndarray, reconstruction: np.ndarray) -> np.ndarray:
    """Mean squared error of each image: [N]."""
    return np.nanmean(np.square(target.astype("float64") - reconstruction), axis=(1, 2, 3))


def _entropies(target: np.ndarray, reconstruction: np.ndarray) -> np.ndarray:
    """Mean binary cross-entropy of each image: [N]."""
    p = np.clip(reconstruction.astype("float64"), CLIP, 1.0 - CLIP)
    return -np.nanmean(target * np.log(p) + (1.0 - target) * np.log1p(-p), axis=(1, 2, 3))
