"""Structural similarity of the reconstruction."""

import dataclasses
from typing import ClassVar

from aecli.errors import NotApplicable
from aecli.metrics.base import Evaluation, Figures, ImageMetric
from aecli.metrics.pixels import Peak, beyond, scale_of
from aecli.metrics.similarity import structural_similarity
from aecli.quantity import HIGHER, Quantity


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ssim(ImageMetric):
    """ssim: the mean over the images, in [-1, 1]."""

    about: ClassVar[dict[str, Quantity]] = {
        "ssim": Quantity("", HIGHER, "structural similarity, 1 for the same image")
    }

    peak: Peak = None

    def compare(self, target, image, data_range) -> Figures:
        low, peak = scale_of(data_range)
        values = structural_similarity(target - low, image - low, self.peak or peak)
        if values is None:
            raise NotApplicable("needs images of 3x3 pixels or more")
        return {"ssim": float(values.mean(dtype="float64"))}

    def notes(self, evaluation: Evaluation) -> list[str]:
        return beyond("ssim", self.peak, evaluation)
