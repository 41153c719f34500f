"""Classical denoisers, which a denoising autoencoder must beat."""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import median_filter
from scipy.signal import wiener as scipy_wiener
from tqdm import tqdm

from aecli.metrics.pixels import pixel_errors

WINDOWS = (3, 5)  # pixels a side


def median(x: np.ndarray, window: int) -> np.ndarray:
    """[N, H, W, C] -> the median of window x window pixels around each, edges mirrored."""
    return median_filter(x, size=(1, window, window, 1))


def wiener(x: np.ndarray, window: int) -> np.ndarray:
    """[N, H, W, C] -> SciPy's adaptive Wiener filter (Lim 1990, p. 548) of each channel.

    A pixel is drawn to the mean of window x window pixels around it, the more so the less their
    variance exceeds the noise's, which is estimated as the mean of these variances.
    """
    filtered = np.empty_like(x)
    with np.errstate(divide="ignore", invalid="ignore"):  # where there is no variance at all
        for i in tqdm(range(len(x)), "wiener filter", leave=False, delay=1, disable=None):
            for channel in range(x.shape[-1]):
                filtered[i, ..., channel] = scipy_wiener(x[i, ..., channel], window)
    return np.where(np.isfinite(filtered), filtered, x)


def filtered(
    x: np.ndarray, validation: tuple[np.ndarray, np.ndarray] | None
) -> dict[str, np.ndarray]:
    """{name with window: x filtered}, nothing for rows of numbers, which have no neighbourhoods.

    validation: noisy and clean images that are not tested on; each filter has the one of WINDOWS
    with the higher mean PSNR on them. None: the smallest.
    """
    rows = {}
    if min(x.shape[1:3]) >= min(WINDOWS):
        for name, denoise in (("median", median), ("Wiener", wiener)):
            window = best_window(denoise, *validation) if validation else min(WINDOWS)
            rows[f"{name} {window}x{window}"] = denoise(x, window)
    return rows


def best_window(denoise: Callable, noisy: np.ndarray, clean: np.ndarray) -> int:
    """The one of WINDOWS with the higher mean PSNR on images [N, H, W, C]."""

    def psnr(window: int) -> float:
        found = pixel_errors(clean, denoise(noisy, window))["psnr"]
        assert found is not None  # it is of any images
        return found

    return max(WINDOWS, key=psnr)
