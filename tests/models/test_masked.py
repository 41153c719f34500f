"""Masked autoencoder: the patches of an image's size, what it refuses, what a figure shows."""

import numpy as np
import pytest

from aecli import build
from aecli.errors import BadRequest

SMALL = ["model=masked", "network.width=8", "network.blocks=1"]


@pytest.mark.parametrize(
    ("shape", "overrides", "words"),
    [
        ((28, 28, 1), ["model.patch_size=5"], "model.patch_size is one of 1, 2, 4, 7, 14 here"),
        ((7, 13, 1), [], "no size of patches divides images of 7x13x1"),
        ((1, 30, 2), [], "take model=denoising noise=masking"),
        ((1, 30, 1), [], "take model=denoising noise=masking"),
        ((8, 8, 1), ["model.mask_ratio=0.99"], "of 16 patches 0 would be left"),
        ((8, 8, 1), ["model.normalised=true"], "take loss=mse"),
        ((8, 8, 1), ["network.patch_size=4"], "take network.patch_size=2"),
    ],
)
def test_what_it_refuses(compose, shape, overrides, words):
    with pytest.raises(BadRequest, match=words) as refusal:
        build.model(compose(*SMALL, *overrides), shape)
    assert len(str(refusal.value).splitlines()) <= 2


@pytest.mark.parametrize("size", [8, 28, 32])
def test_the_size_of_patches_follows_the_images_and_a_stated_one_holds(compose, size):
    model = build.model(compose(*SMALL), (size, size, 3))
    assert model.patches == {8: 16, 28: 49, 32: 64}[size]
    assert model.code_shape == (size // model.side, size // model.side, 64)
    halves = ["model.patch_size=4", "network.patch_size=2"]
    assert build.model(compose(*SMALL, *halves), (size, size, 3)).patches == (size // 4) ** 2


def test_a_figure_shows_what_is_left_and_what_is_filled_in(compose, images):
    model = build.model(compose(*SMALL, "model.normalised=true", "loss=mse"), (8, 8, 1))
    x = images[:5] + 0.01  # no digit has the grey then
    x[0, 0, 0] = 0.0
    rows = model.pictured(x)
    assert [*rows] == ["what is left", "filled in"]
    is_left = rows["what is left"] == x
    np.testing.assert_array_equal(rows["filled in"][is_left], x[is_left])
    assert is_left.mean() == 0.25
