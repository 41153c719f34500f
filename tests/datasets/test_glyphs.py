"""Letters and their factors, against fontTools' areas and exact shifts."""

import numpy as np
import pytest
from fontTools.pens.areaPen import AreaPen
from fontTools.ttLib import TTFont
from matplotlib.font_manager import FontProperties, findfont

from aecli.datasets.glyphs import FAMILIES, SIZES, Glyphs

FONTS = ("DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono")


@pytest.fixture(scope="module")
def source():
    return Glyphs().read()


def grid(source):
    """[letter, family, weight, slant, size, x, y, row, column] in [0, 1]"""
    return source.train.x.reshape(26, 3, 2, 2, 4, 4, 4, 32, 32) / 255


def test_row_i_of_the_factors_is_image_i(source):
    factors = Glyphs().factors()
    assert factors.names == ("letter", "family", "weight", "slant", "size", "x", "y")
    assert factors.values.shape == (19_968, 7)
    assert (factors.values.max(axis=0) + 1).tolist() == list(factors.sizes)
    assert len(np.unique(factors.values, axis=0)) == 19_968
    np.testing.assert_array_equal(source.train.labels, factors.values[:, 0])
    rows = np.array([19_967, 5, 7_000])
    again = Glyphs().drawn(factors.values[rows])
    np.testing.assert_array_equal(again, source.train.x[rows])


def test_no_two_images_are_the_same(source):
    assert len({image.tobytes() for image in source.train.x}) == 19_968


def test_a_shift_is_two_pixels_exactly(source):
    x = grid(source)
    np.testing.assert_array_equal(x[..., 1:, :, :, :], np.roll(x[..., :-1, :, :, :], 2, axis=-1))
    np.testing.assert_array_equal(x[..., :, 1:, :, :], np.roll(x[..., :, :-1, :, :], 2, axis=-2))


def test_the_middle_is_where_it_is_said_to_be(source):
    """An upright sans O is symmetric both ways."""
    o = grid(source)[ord("O") - ord("A"), 0, :, 0]  # [weight, size, x, y, row, column]
    ink = o.sum(axis=(-1, -2))
    right = (o.sum(axis=-2) * (np.arange(32) + 0.5)).sum(axis=-1) / ink
    down = (o.sum(axis=-1) * (np.arange(32) + 0.5)).sum(axis=-1) / ink
    expected = 16 + np.array([-3, -1, 1, 3])
    np.testing.assert_allclose(right, np.broadcast_to(expected[:, None], right.shape), atol=0.05)
    np.testing.assert_allclose(down, np.broadcast_to(expected, down.shape), atol=0.05)


@pytest.mark.parametrize("family", range(len(FAMILIES)))
@pytest.mark.parametrize("weight", [0, 1])
@pytest.mark.parametrize("slant", [0, 1])
def test_the_ink_is_the_area_of_the_fonts_outline(source, family, weight, slant):
    properties = FontProperties(
        family=FONTS[family],
        weight=("regular", "bold")[weight],
        style=("normal", "italic" if family == 1 else "oblique")[slant],
    )
    font = TTFont(findfont(properties, fallback_to_default=False))
    glyphs, em = font.getGlyphSet(), font["head"].unitsPerEm
    found = grid(source)[:, family, weight, slant].sum(axis=(-1, -2))  # [letter, size, x, y]
    for letter, ink in zip("ABCDEFGHIJKLMNOPRSTUVWXYZ", np.delete(found, 16, axis=0), strict=True):
        pen = AreaPen()  # but of a Q, whose contours overlap in some
        glyphs[letter].draw(pen)
        area = abs(pen.value) / em**2 * (32 * np.array(SIZES)) ** 2
        expected = np.broadcast_to(area[:, None, None], ink.shape)
        np.testing.assert_allclose(ink, expected, rtol=0.02)


def test_what_is_oblique_leans_to_the_right(source):
    bar = grid(source)[ord("I") - ord("A"), 0, 0, :, 3, 1, 1]  # [slant, row, column]
    inside = bar[:, 10:20]  # rows of the stem
    columns = (inside * np.arange(32)).sum(axis=-1) / inside.sum(axis=-1)
    np.testing.assert_allclose(columns[0], columns[0, 0], atol=1e-6)
    np.testing.assert_allclose(np.diff(columns[1]), -np.tan(np.radians(11)), atol=0.02)


@pytest.mark.parametrize("side", [16, 64])
def test_another_size_is_the_same_picture(side):
    rows = np.arange(0, 19_968, 301)
    values = Glyphs().factors_at(rows).values
    other, own = (Glyphs(image_size=n).drawn(values)[..., 0] / 255 for n in (side, 32))
    ink = other.sum(axis=(1, 2)) * (32 / side) ** 2
    np.testing.assert_allclose(ink, own.sum(axis=(1, 2)), rtol=0.04)


def test_the_parts_are_grey_bytes_with_letters_as_labels():
    splits = Glyphs(limit=50, classes=["A", "Q"]).load()
    assert splits.data_shape == (32, 32, 1)
    assert splits.train.x.dtype == np.uint8
    assert np.unique(splits.train.labels).tolist() == [0, 16]
    assert splits.label_names[16] == "Q"
