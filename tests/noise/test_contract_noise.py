"""Every noise: a pure function of (x, seed), of the stated strength."""

import numpy as np
import pytest
import tensorflow as tf
from options import contents, options

from aecli import build
from aecli.errors import BadRequest

GREY = np.full((50, 20, 20, 2), 0.5, "float32")


def noise_of(name, **changes):
    return build.component(contents("noise", name) | changes, "noise")


@pytest.mark.parametrize("name", options("noise"))
@pytest.mark.parametrize("compiled", [False, True])
def test_pure_and_compiled(name, compiled):
    noise = noise_of(name)
    call = tf.function(noise, jit_compile=True) if compiled else noise
    first, second, other = (
        np.asarray(call(GREY, tf.constant(s))) for s in ([1, 2], [1, 2], [1, 3])
    )
    np.testing.assert_array_equal(first, second)
    assert first.shape == GREY.shape
    assert np.array_equal(first, other) is (not noise.is_noisy)
    assert np.array_equal(first, GREY) is (not noise.is_noisy)


def test_gaussian_strength():
    out = np.asarray(noise_of("gaussian", stddev=0.1)(GREY, [0, 1]))
    assert (out - GREY).std() == pytest.approx(0.1, rel=0.02)
    assert abs((out - GREY).mean()) < 0.002
    wide = np.asarray(noise_of("gaussian", stddev=3.0)(GREY, [0, 1]))
    assert wide.min() == 0.0
    assert wide.max() == 1.0
    assert np.asarray(noise_of("gaussian", stddev=3.0, clip=False)(GREY, [0, 1])).max() > 5


def test_speckle_is_proportional():
    noise = noise_of("speckle", stddev=0.1, clip=False)
    assert np.asarray(noise(GREY, [0, 1]) - GREY).std() == pytest.approx(0.05, rel=0.02)
    assert not np.any(noise(np.zeros_like(GREY), [0, 1]))


def test_masking_rate_hits_whole_pixels():
    out = np.asarray(noise_of("masking", rate=0.3)(GREY, [0, 1]))
    hit = out == 0
    assert hit.mean() == pytest.approx(0.3, abs=0.015)
    assert np.array_equal(hit[..., 0], hit[..., 1])
    assert set(np.unique(out)) == {0.0, 0.5}


def test_salt_and_pepper_rates():
    out = np.asarray(noise_of("salt_and_pepper", rate=0.2)(GREY, [0, 1]))
    assert (out == 0).mean() == pytest.approx(0.1, abs=0.01)
    assert (out == 1).mean() == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("gaussian", {"stddev": -1}),
        ("gaussian", {"stddev": "much"}),
        ("gaussian", {"clip": "yes"}),
        ("masking", {"rate": 1.5}),
        ("salt_and_pepper", {"rate": -0.1}),
        ("speckle", {"stddev": float("nan")}),
    ],
)
def test_bad_values_name_the_key(name, changes):
    with pytest.raises(BadRequest, match=f"noise.{next(iter(changes))} must be .*; got"):
        noise_of(name, **changes)
