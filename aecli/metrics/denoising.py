"""What a model and classical filters make of noisy images, and how near that is to clean ones."""

import dataclasses
import math

import numpy as np

from aecli.metrics import filters
from aecli.metrics.pixels import Pixels, pixel_errors, scale_of
from aecli.metrics.similarity import structural_similarity
from aecli.metrics.ssim import Ssim
from aecli.quantity import Quantity
from aecli.runs import Run

VALIDATION = (500, 2**20)  # images, and their pixels, on which a filter's window is chosen
ABOUT: dict[str, Quantity] = {"psnr": Pixels.about["psnr"], "ssim": Ssim.about["ssim"]}


@dataclasses.dataclass(frozen=True)
class Denoised:
    """stages: {clean where it is known, noisy, each filter then, denoised: [N, H, W, C]}.

    rows: {stage: {"psnr": dB, "ssim": -1 to 1}}, means over the images of each image's value; {}
    where the clean ones are not known.
    """

    stages: dict[str, np.ndarray]
    rows: dict[str, dict]

    @property
    def x(self) -> np.ndarray:
        """What the model made of the noisy images."""
        return self.stages["denoised"]


def denoised(
    run: Run, noisy: np.ndarray, labels: np.ndarray | None, clean: np.ndarray | None
) -> Denoised:
    """Of noisy images [N, H, W, C], and clean ones where they are known.

    labels: [N], for a model that is told labels.
    """
    stages = {"noisy": noisy}
    if clean is not None:
        stages |= filters.filtered(noisy, _validation(run))
    stages["denoised"] = run.model.reconstruct(noisy, labels)
    if clean is None:
        return Denoised(stages, {})
    return Denoised({"clean": clean, **stages}, _measured(run, clean, stages))


def _validation(run: Run) -> tuple[np.ndarray, np.ndarray] | None:
    """Noisy and clean validation images, on which a filter's window is chosen."""
    if not run.is_noisy:
        return None
    n = max(1, min(VALIDATION[0], VALIDATION[1] // math.prod(run.data_shape)))
    return run.examples("val", n=n)[:2]


def _measured(run: Run, clean: np.ndarray, stages: dict[str, np.ndarray]) -> dict[str, dict]:
    low, peak = scale_of(run.data_range)
    measured = {}
    for name, x in stages.items():
        ssim = structural_similarity(clean - low, x - low, peak)
        measured[name] = {
            "psnr": pixel_errors(clean, x, peak)["psnr"],
            "ssim": None if ssim is None else float(ssim.mean(dtype="float64")),
        }
    return measured
