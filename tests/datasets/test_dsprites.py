"""dSprites by formulas: order, geometry against Matplotlib's polygons, and how much is held."""

import hashlib

import numpy as np
import pytest
from matplotlib.path import Path
from refusals import WHOLE

from aecli.datasets.dsprites import DSprites
from aecli.datasets.outlines import SHAPES
from aecli.datasets.rows import Rows

MIDDLE = np.arange(64) + 0.5
# SHA-256 of 330 frames, 64 x 64 bits each
CHECKSUM = "e7ab1b1ae2a469b7b0836c23db9d51cad241202cb70bab8eb43561217a5f276e"


# of deepmind/dsprites-dataset's dsprites.gif: shape ... y, first row, pixels in each row
FRAMES = [
    (
        (0, 5, 3, 0, 0),
        3,
        "1 4 6 9 10 13 15 18 20 22 22 22 22 22 22 22 22 20 18 15 13 10 9 6 4 1",
    ),
    ((1, 5, 13, 0, 0), 4, "2 7 9 10 12 13 14 15 15 16 15 16 16 15 16 15 15 14 13 12 10 9 7 2"),
    ((2, 5, 10, 0, 0), 7, "6 9 11 12 14 14 15 15 16 14 15 14 14 13 12 11 9 7 4"),
    ((2, 2, 0, 0, 0), 9, "2 10 12 14 14 12 12 10 8 6 4 2 2"),
]


def drawn(*values):
    """[64, 64] bool of shape, scale, orientation, x, y."""
    return DSprites().drawn(np.array([values]))[0, ..., 0].astype(bool)


def centre(image):
    return [(image.sum(axis=axis) * MIDDLE).sum() / image.sum() for axis in (0, 1)]


def test_the_order_is_the_originals():
    factors = DSprites(every=1).factors()
    assert factors.names == ("shape", "scale", "orientation", "x", "y")
    assert factors.sizes == (3, 6, 40, 32, 32)
    assert len(factors.values) == 737_280
    shape, scale, orientation, x, y = factors.values[[5, 400_003, 737_279]].T
    numbers = (((shape * 6 + scale) * 40 + orientation) * 32 + x) * 32 + y
    assert numbers.tolist() == [5, 400_003, 737_279]


def test_row_i_of_the_factors_is_image_i():
    dataset = DSprites(every=1009)
    source = dataset.read()
    rows = np.array([700, 3, 64])
    values = dataset.factors().values
    np.testing.assert_array_equal(source.train.x[rows], dataset.drawn(values[rows]))
    np.testing.assert_array_equal(source.train.labels, values[:, 0])
    np.testing.assert_array_equal(values, DSprites(every=1).factors().values[::1009])


@pytest.mark.parametrize("shape", [0, 1, 2])
def test_a_pixel_is_on_if_its_middle_is_in_the_outline(shape):
    """Matplotlib's test of points; a tie may go either way."""
    points = list(SHAPES.values())[shape]
    grid = np.stack(np.meshgrid(MIDDLE, MIDDLE), axis=-1).reshape(-1, 2)
    rng = np.random.default_rng(shape)
    for _ in range(20):
        scale, orientation, x, y = rng.integers((6, 40, 32, 32))
        turn = 2 * np.pi * orientation / 39
        corner = np.exp(-1j * turn) * (points[:, 0] + 1j * points[:, 1]) * (0.5 + scale / 10)
        at = np.stack([corner.real + 16 + 32 * x / 31, corner.imag + 16 + 32 * y / 31], axis=1)
        expected = Path(at).contains_points(grid).reshape(64, 64)
        found = drawn(shape, scale, orientation, x, y)
        differs = expected != found
        distance = np.abs(at[:, None] - np.roll(at, -1, axis=0)[:, None]).max()
        assert distance < 40  # the outline is whole
        near = Path(at).contains_points(grid, radius=1e-6) != Path(at).contains_points(
            grid, radius=-1e-6
        )
        assert not (differs & ~near.reshape(64, 64)).any()
        assert found.any()


def test_areas_are_those_of_the_formulas():
    sizes = np.array([0.5, 0.6, 0.7, 0.8, 0.9, 1.0]) ** 2
    values = DSprites(every=1).factors().values
    for shape, area in ((0, 19.2**2), (1, 19 * np.sin(2 * np.pi / 38) * 12.8 * 7.24)):
        for scale in range(6):
            rows = np.flatnonzero((values[:, 0] == shape) & (values[:, 1] == scale))[::97]
            mean = DSprites().drawn(values[rows]).sum(axis=(1, 2, 3)).mean()
            assert mean == pytest.approx(area * sizes[scale], rel=0.01)


def test_the_centre_goes_right_and_down():
    for x, y in ((0, 0), (31, 0), (0, 31), (12, 20)):
        found = centre(drawn(1, 5, 0, x, y))
        np.testing.assert_allclose(found, [16 + 32 * x / 31, 16 + 32 * y / 31], atol=0.3)


@pytest.mark.parametrize(("values", "first", "counts"), FRAMES)
def test_rows_are_those_of_published_frames(values, first, counts):
    found = drawn(*values).sum(axis=1)
    expected = np.zeros(64, int)
    expected[first : first + len(counts.split())] = [int(count) for count in counts.split()]
    np.testing.assert_array_equal(found, expected)


def test_a_heart_points_down_and_turns_against_the_clock():
    """Its pixels lie on the other side of its bounding box's middle than its tip."""
    upright = drawn(2, 5, 0, 0, 0)
    np.testing.assert_array_equal(upright[:, :32], upright[:, 31::-1])
    for orientation, axis, sign in ((0, 1, 1), (10, 0, 1), (20, 1, -1), (30, 0, -1)):
        image = drawn(2, 5, orientation, 0, 0)  # a quarter turn each, about: down, right, up, left
        ends = np.flatnonzero(image.any(axis=axis))
        tip = (ends[0] + ends[-1] + 1) / 2 - centre(image)[axis]
        assert sign * tip > 0.5


def test_the_first_orientation_is_the_last():
    for shape in range(3):
        for scale in range(6):
            first, last = (drawn(shape, scale, k, 0, 31) for k in (0, 39))
            np.testing.assert_array_equal(first, last)


def test_what_is_left_by_every_is_even_or_said():
    assert not DSprites().read().notes
    for name, column in zip(DSprites.factor_sizes, DSprites().factors().values.T, strict=True):
        counts = np.bincount(column, minlength=DSprites.factor_sizes[name])
        assert counts.max() - counts.min() < 0.002 * counts.max()
    assert "16 of 32 y" in DSprites(every=2).read().notes[0]


def test_black_and_white_and_only_what_is_asked_for_is_held():
    splits = DSprites(limit=30).load()
    assert splits.learnt.unit == "binary"
    assert splits.data_range == (0, 1)
    assert isinstance(splits.train.x, np.ndarray)
    assert len(splits.train) == 30
    assert splits.label_names == ("square", "ellipse", "heart")


def test_a_large_part_is_drawn_when_it_is_asked_for():
    splits = DSprites(**WHOLE | {"every": 10}).load()
    assert isinstance(splits.train.x, Rows)
    assert splits.train.x.nbytes > 2**28
    again = splits.train.x[np.array([70_000, 4])]
    np.testing.assert_array_equal(again, splits.train.x[np.array([70_000, 4])])
    assert np.unique(again).tolist() == [0, 255]


# what the outlines are in pixels at scale 1, stated once more, apart from the code: y is down
T38, T200 = (2 * np.pi * np.arange(n) / n for n in (38, 200))
COSINES = 13 * np.cos(T200) - 5 * np.cos(2 * T200) - 2 * np.cos(3 * T200) - np.cos(4 * T200)
OUTLINES = [
    np.array([[-9.6, -9.6], [9.6, -9.6], [9.6, 9.6], [-9.6, 9.6]]),
    np.stack([12.8 * np.cos(T38), 7.24 * np.sin(T38)], axis=1),
    np.stack([9.6 * np.sin(T200) ** 3, -0.662 * COSINES - 1.44], axis=1),
]


def published_values():
    """The frames of the original's GIF of one shape: each factor in turn, the others still."""
    for shape in range(3):
        for column, size in ((1, 6), (2, 40), (3, 32), (4, 32)):
            for value in range(size):
                values = [shape, 5, 0, 0, 0]
                values[column] = value
                yield values


def test_frames_are_those_of_the_stated_parameters_by_checksum():
    """Matplotlib draws them, too; pixels nearer than 1e-6 to an edge are left out."""
    grid = np.stack(np.meshgrid(MIDDLE, MIDDLE), axis=-1).reshape(-1, 2)
    all_values = np.array(list(published_values()))
    found = DSprites().drawn(all_values)[..., 0].astype(bool)
    sums = [hashlib.sha256(), hashlib.sha256()]
    for frame, (shape, scale, orientation, x, y) in zip(found, all_values, strict=True):
        turn = np.exp(-2j * np.pi * orientation / 39) * (0.5 + scale / 10)
        at = turn * (OUTLINES[shape] @ [1, 1j]) + 16 + 16j + 32 * (x + 1j * y) / 31
        path = Path(np.stack([at.real, at.imag], axis=1))
        inner, outer = (path.contains_points(grid, radius=r) for r in (1e-6, -1e-6))
        clear = (inner == outer).reshape(64, 64)
        for sum_, image in zip(sums, (frame, inner.reshape(64, 64)), strict=True):
            sum_.update(np.packbits(image & clear).tobytes())
    assert sums[0].hexdigest() == sums[1].hexdigest() == CHECKSUM
