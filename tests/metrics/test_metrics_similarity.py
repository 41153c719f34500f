"""SSIM against a direct computation of Wang 2004, eq. 13, in float64."""

import numpy as np
import pytest
from scipy.signal import convolve2d

from aecli.metrics import similarity
from aecli.metrics.similarity import structural_similarity


def wang(x, y, size, peak=1.0, sigma=1.5):
    """SSIM of two images [H, W]: the mean of eq. 13 over the windows that lie inside."""
    ticks = np.arange(size) - size // 2
    window = np.exp(-(ticks[:, None] ** 2 + ticks**2) / (2 * sigma**2))
    window /= window.sum()
    x, y = x.astype("float64"), y.astype("float64")

    def mean(image):
        return convolve2d(image, window, mode="valid")

    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    mx, my = mean(x), mean(y)
    vx, vy, cov = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    top = (2 * mx * my + c1) * (2 * cov + c2)
    return (top / ((mx**2 + my**2 + c1) * (vx + vy + c2))).mean()


@pytest.mark.parametrize(
    ("height", "width", "size"), [(28, 28, 11), (11, 30, 11), (10, 12, 9), (8, 8, 7), (3, 9, 3)]
)
def test_the_window_is_11_pixels_or_the_largest_odd_one_that_fits(height, width, size):
    x = np.random.default_rng(0).random((4, height, width, 3)).astype("float32")
    y = np.clip(x + 0.2 * np.random.default_rng(1).standard_normal(x.shape), 0, 1)
    expected = [
        np.mean([wang(a[..., c], b[..., c], size) for c in range(3)])
        for a, b in zip(x, y, strict=True)
    ]
    np.testing.assert_allclose(structural_similarity(x, y), expected, atol=2e-5)


def test_the_peak_is_a_unit():
    x, y = np.random.default_rng(0).random((2, 3, 16, 16, 1))
    expected = [wang(a[..., 0], b[..., 0], 11) for a, b in zip(x, y, strict=True)]
    np.testing.assert_allclose(structural_similarity(x, y), expected, atol=1e-5)
    scaled = structural_similarity(255 * x, 255 * y, peak=255.0)
    np.testing.assert_allclose(scaled, expected, atol=1e-5)


def test_equal_images_have_1_and_opposite_ones_less_than_0(images):
    assert structural_similarity(images, images) == pytest.approx(1.0, abs=1e-6)
    assert structural_similarity(images, 1 - images).mean() < 0


def test_it_is_the_same_in_small_blocks(images, monkeypatch):
    noisy = np.clip(images + 0.3 * np.random.default_rng(0).standard_normal(images.shape), 0, 1)
    whole = structural_similarity(images, noisy)
    monkeypatch.setattr(similarity, "VALUES", 7 * 64)
    np.testing.assert_allclose(structural_similarity(images, noisy), whole, atol=1e-6)
    assert whole.shape == (len(images),)


def test_rows_of_numbers_have_none():
    x = np.zeros((5, 1, 30, 1), "float32")
    assert structural_similarity(x, x) is None
