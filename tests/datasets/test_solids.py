"""Solids: what each factor moves in the picture, by areas and colours that are known."""

import colorsys

import numpy as np
import pytest

from aecli.datasets import rays
from aecli.datasets.solids import Solids

CUBE, CYLINDER, SPHERE, CAPSULE = range(4)
MIDDLE = 7  # of the orientations: to the corner of the walls


def drawn(*values):
    """Images of floor, wall and object hue, scale, shape, orientation, each [64, 64, 3]."""
    return Solids().drawn(np.array(values)).astype(int)


def light(shape=SPHERE, scale=1.0, angle=0.0):
    """[64, 64, 4] of floor, walls, solid, gloss."""
    return rays.shares(shape, scale, angle).reshape(64, 64, 4) / rays.WHOLE


def test_the_factors_are_those_of_3d_shapes_and_the_label_is_the_shape():
    grid = Solids().grid()
    assert grid.names == ("floor_hue", "wall_hue", "object_hue", "scale", "shape", "orientation")
    assert grid.sizes == (10, 10, 10, 8, 4, 15)
    splits = Solids(limit=40).load()
    np.testing.assert_array_equal(splits.train.labels, splits.train.factors.values[:, 4])
    assert splits.label_names == ("cube", "cylinder", "sphere", "capsule")
    assert splits.learnt.unit == "bytes"
    assert not splits.notes


def test_a_hue_colours_its_part_alone():
    first, floor, wall, thing = drawn(
        [0, 0, 0, 3, CUBE, 2], [4, 0, 0, 3, CUBE, 2], [0, 4, 0, 3, CUBE, 2], [0, 0, 4, 3, CUBE, 2]
    )
    changed = [(first != other).any(axis=-1) for other in (floor, wall, thing)]
    covered = light(CUBE, np.linspace(0.75, 1.25, 8)[3], np.linspace(-30, 30, 15)[2])
    for part, where in enumerate(changed):
        np.testing.assert_array_equal(where, covered[..., part] > 0)
    assert first[63, 5, 1:].tolist() == [0, 0]  # the floor is red
    shade = floor[63, 5] / 255
    assert colorsys.rgb_to_hsv(*shade)[:2] == pytest.approx((0.4, 1), abs=0.005)


def test_a_sphere_is_as_large_as_perspective_says():
    """A ball of radius r at a distance d covers pi r^2 / (d^2 - r^2), over cosine cubed."""
    for scale in (0.75, 1.25):
        place = np.array([0, 0.8 * scale]) - np.array([-rays.DISTANCE, rays.HEIGHT])
        ahead = np.array([0, rays.LOOKS_AT]) - np.array([-rays.DISTANCE, rays.HEIGHT])
        squares = place @ place - (0.8 * scale) ** 2
        cosine = place @ ahead / np.sqrt((place @ place) * (ahead @ ahead))
        area = np.pi * (0.8 * scale) ** 2 / squares / cosine**3
        found = (light(SPHERE, scale)[..., 2] > 0.2).mean() * (2 * rays.HALF_VIEW) ** 2
        assert found == pytest.approx(area, rel=0.05)


@pytest.mark.parametrize("shape", range(4))
def test_a_larger_scale_covers_more(shape):
    sizes = [light(shape, scale)[..., 2].astype(bool).sum() for scale in np.linspace(0.75, 1.25, 8)]
    assert (np.diff(sizes) > 0).all()


def test_all_that_is_not_a_hue_tells_two_images_apart():
    every = [
        rays.shares(shape, scale, angle).tobytes()
        for shape in range(4)
        for scale in np.linspace(0.75, 1.25, 8)[::3]
        for angle in np.linspace(-30, 30, 15)
    ]
    assert len(set(every)) == len(every)


def test_the_corner_goes_from_right_to_left():
    columns = []
    for angle in np.linspace(-12, 12, 5):
        top = light(CAPSULE, 0.75, angle)[0, :, 1]  # of the picture: the darker wall, the lighter
        columns.append(int(np.abs(np.diff(top)).argmax()))
    assert (np.diff(columns) < 0).all()
    assert columns[2] in (31, 32)


def test_a_mirrored_room_has_the_same_outline_at_the_opposite_angle():
    for shape in range(4):
        left, right = (light(shape, 1.0, angle)[..., 2] > 0 for angle in (-20.0, 20.0))
        assert (left != right[:, ::-1]).mean() < 0.002


def test_light_is_what_the_formula_says_on_flat_sides():
    room = light(CUBE, 1.0, 0.0)
    lit = rays.AMBIENT + (1 - rays.AMBIENT) * np.maximum([*rays.LIGHT, *-rays.LIGHT], 0)
    x_wall, z_wall = lit[3], lit[5]
    assert room[60, 4, 0] == pytest.approx(lit[1], abs=1e-3)
    assert room[2, 5, 1] == pytest.approx(x_wall, abs=1e-3)
    assert room[2, 58, 1] == pytest.approx(z_wall, abs=1e-3)
    shadow = (room[..., 0] > 0) & (np.abs(room[..., 0] - rays.AMBIENT) < 1e-3)
    assert 20 < shadow.sum() < 400
    assert np.argwhere(shadow).mean(axis=0)[1] > 33  # the light comes from the left


def test_hits_are_where_the_ray_meets_the_surface():
    """Each point lies on its solid, its normal against the ray, of length 1."""
    origin, way, _ = rays._room(10.0)
    inside = {
        "sphere": lambda p: np.linalg.norm(p - [0, 0.8, 0], axis=1) - 0.8,
        "cube": lambda p: np.abs(p - [0, 0.72, 0]).max(axis=1) - 0.72,
        "cylinder": lambda p: np.maximum(
            np.hypot(p[:, 0], p[:, 2]) - 0.72, np.abs(p[:, 1] - 0.75) - 0.75
        ),
        "capsule": lambda p: (
            np.linalg.norm(p - [0, 1, 0] - np.clip(p - [0, 1, 0], -0.5, 0.5) * [0, 1, 0], axis=1)
            - 0.5
        ),
    }
    for name, solid in rays.SHAPES.items():
        t, normal = rays._hit(solid, origin, way)
        known, hit = solid(origin, way)[0], np.isfinite(t)
        np.testing.assert_array_equal(t, known)  # none is overlooked
        at = origin[hit] + t[hit, None] * way[hit]
        np.testing.assert_allclose(inside[name](at), 0, atol=1e-9)
        np.testing.assert_allclose(np.linalg.norm(normal[hit], axis=1), 1, atol=1e-9)
        assert ((normal[hit] * way[hit]).sum(axis=1) < 0).all()
        step = inside[name](at + 1e-5 * normal[hit])
        np.testing.assert_allclose(step, 1e-5, rtol=1e-3)  # straight out of it
