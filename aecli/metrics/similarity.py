"""Structural similarity: how alike two images look, from local means, variances, covariances."""

import math

import numpy as np

WINDOW = 11  # pixels a side of the Gaussian window, as Wang 2004 has it
VALUES = 2**22  # pixels at a time, for the memory's sake


def structural_similarity(
    target: np.ndarray, x: np.ndarray, peak: float = 1.0
) -> np.ndarray | None:
    """SSIM of each image, in [-1, 1], 1 where the two are equal: [N] float32.

    Args: target, x: [N, H, W, C] with values in [0, peak].
    The mean over channels and window positions of Wang, Bovik, Sheikh & Simoncelli 2004, eq. 13,
    with K1 = 0.01, K2 = 0.03 and a Gaussian window of 11 x 11 pixels, standard deviation 1.5,
    wholly inside the image (tf.image.ssim). An image with a side of less than 11 pixels takes the
    largest odd window that fits (8x8: 7 x 7), which other programs may do otherwise. None where a
    side has less than 3 pixels, as rows of numbers have: there is no neighbourhood to compare.
    """
    import tensorflow as tf  # here: a command imports this file before TensorFlow is woken

    side = min(target.shape[1:3])
    if side < 3:
        return None
    window = min(WINDOW, side - 1 + side % 2)
    size = max(1, VALUES // math.prod(target.shape[1:]))
    parts = []
    for start in range(0, len(target), size):
        pair = (np.asarray(a[start : start + size], "float32") for a in (target, x))
        parts.append(tf.image.ssim(*pair, max_val=peak, filter_size=window).numpy())
    return np.concatenate(parts)
