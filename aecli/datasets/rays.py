"""A room with one solid, cast by a ray for each part of a pixel: which share of it shows what.

Lengths are in units of the room: y is up, the floor is y = 0, the solid stands at the origin, and
the walls x = WALL and z = WALL meet behind it.
"""

import functools
from collections.abc import Callable

import numpy as np

SIDE = 64
PARTS = 2  # of a pixel, each way
WALL = 2.4
DISTANCE, HEIGHT, LOOKS_AT = 7.0, 3.3, 0.62  # of the camera from the y axis; y of what it looks at
HALF_VIEW = np.tan(np.radians(16))
LIGHT = np.array([0.09, 0.85, -0.51]) / np.linalg.norm([0.09, 0.85, -0.51])  # towards it
AMBIENT, GLOSS, SHINE = 0.42, 0.45, 30
WHOLE = 4096  # what a share of 1 is: sums with bytes are exact in float32, in any order
Hit = tuple[np.ndarray, np.ndarray]  # t [n], infinity where there is none; normal [n, 3]


def _quadratic(a, b, c) -> np.ndarray:
    """The smaller root of a t^2 + 2 b t + c where it is more than 0; else infinity."""
    inside = b * b - a * c
    with np.errstate(invalid="ignore", divide="ignore"):
        t = (-b - np.sqrt(inside)) / a
    return np.where((inside >= 0) & (t > 1e-9), t, np.inf)


def _nearest(*hits: Hit) -> Hit:
    times = np.stack([t for t, _ in hits])
    which, all_of = times.argmin(axis=0), np.arange(times.shape[1])
    return times[which, all_of], np.stack([normal for _, normal in hits])[which, all_of]


def _at(origin, way, t) -> np.ndarray:
    return origin + np.where(np.isfinite(t), t, 0)[:, None] * way


def _ball(origin, way, radius: float, height: float) -> Hit:
    start = origin - np.array([0, height, 0])
    squares = (start * start).sum(axis=1) - radius**2
    t = _quadratic(1.0, (start * way).sum(axis=1), squares)
    return t, _at(start, way, t) / radius


def _pipe(origin, way, radius: float, low: float, high: float) -> Hit:
    """An upright cylinder without its ends."""
    o, d = origin[:, [0, 2]], way[:, [0, 2]]
    t = _quadratic((d * d).sum(axis=1), (o * d).sum(axis=1), (o * o).sum(axis=1) - radius**2)
    at = _at(origin, way, t)
    t = np.where((at[:, 1] >= low) & (at[:, 1] <= high), t, np.inf)
    return t, at * np.array([1, 0, 1]) / radius


def _plane(origin, way, axis: int, place: float, sign: float) -> Hit:
    """Where a coordinate is `place`; sign: of the normal along its axis."""
    with np.errstate(invalid="ignore", divide="ignore"):
        t = (place - origin[:, axis]) / way[:, axis]
    t = np.where((t > 1e-9) & (sign * way[:, axis] < 0), t, np.inf)
    return t, np.broadcast_to(sign * np.eye(3)[axis], way.shape)


def _within(hit: Hit, origin, way, inside: Callable) -> Hit:
    t, normal = hit
    return np.where(inside(_at(origin, way, t)), t, np.inf), normal


def _cube(origin, way, half: float = 0.72) -> Hit:
    low, high = np.array([-half, 0, -half]), np.array([half, 2 * half, half])
    sides = []
    for axis in range(3):
        others = [other for other in range(3) if other != axis]

        def inside(at, others=others):
            return ((at >= low - 1e-9) & (at <= high + 1e-9))[:, others].all(axis=1)

        for place, sign in ((low[axis], -1.0), (high[axis], 1.0)):
            side = _plane(origin, way, axis, place, sign)
            sides.append(_within(side, origin, way, inside))
    return _nearest(*sides)


def _cylinder(origin, way, radius: float = 0.72, height: float = 1.5) -> Hit:
    top = _within(
        _plane(origin, way, 1, height, 1.0),
        origin,
        way,
        lambda at: at[:, 0] ** 2 + at[:, 2] ** 2 <= radius**2,
    )
    return _nearest(_pipe(origin, way, radius, 0, height), top)


def _sphere(origin, way, radius: float = 0.8) -> Hit:
    return _ball(origin, way, radius, radius)


def _capsule(origin, way, radius: float = 0.5, height: float = 2.0) -> Hit:
    low, high = radius, height - radius
    balls = [_ball(origin, way, radius, at) for at in (low, high)]
    return _nearest(_pipe(origin, way, radius, low, high), *balls)


REACH = 1.4  # a ball of this radius around MIDDLE holds every solid
MIDDLE = np.array([0, 0.9, 0])


def _hit(solid: Callable, origin, way) -> Hit:
    """What solid says, who is asked only of the rays that come near it."""
    start = origin - MIDDLE
    along = (start * way).sum(axis=1)
    near = np.flatnonzero((start * start).sum(axis=1) - along**2 < REACH**2)
    t, normal = np.full(len(way), np.inf), np.zeros(way.shape)
    t[near], normal[near] = solid(origin[near], way[near])
    return t, normal


SHAPES = {"cube": _cube, "cylinder": _cylinder, "sphere": _sphere, "capsule": _capsule}


@functools.cache
def _room(angle: float) -> tuple[np.ndarray, np.ndarray, list[Hit]]:
    """(origin [n, 3], direction [n, 3] of length 1, hits of floor and of walls) of all rays.

    angle: of the camera around the solid, degrees, 0 to the corner.
    """
    turn = np.radians(45 + angle)
    forward = np.array([np.cos(turn), 0, np.sin(turn)])
    place = -DISTANCE * forward + np.array([0, HEIGHT, 0])
    ahead = np.array([0, LOOKS_AT, 0]) - place
    ahead /= np.linalg.norm(ahead)
    right = np.cross(ahead, [0, 1, 0])
    right /= np.linalg.norm(right)
    grid = HALF_VIEW * (2 * (np.arange(SIDE * PARTS) + 0.5) / (SIDE * PARTS) - 1)
    down, across = np.meshgrid(grid, grid, indexing="ij")
    way = ahead + across.reshape(-1, 1) * right - down.reshape(-1, 1) * np.cross(right, ahead)
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    origin = np.broadcast_to(place, way.shape)
    floor = _plane(origin, way, 1, 0.0, 1.0)
    walls = _nearest(*(_plane(origin, way, axis, WALL, -1.0) for axis in (0, 2)))
    return origin, way, [floor, walls]


@functools.cache
def shares(shape: int, scale: float, angle: float) -> np.ndarray:
    """Returns how much light of floor, wall, solid and gloss there is in each pixel: [64 * 64, 4].

    Whole numbers in float32, of which WHOLE is all of it; an image is their sum over four colours.
    shape: of SHAPES; scale: of the solid; angle: of the camera around it, degrees.
    """
    solid = list(SHAPES.values())[shape]
    origin, way, room = _room(angle)
    hits = [*room, _hit(solid, origin / scale, way)]
    hits[2] = scale * hits[2][0], hits[2][1]
    t, normal = _nearest(*hits)
    which = np.stack([one for one, _ in hits]).argmin(axis=0)
    at = _at(origin, way, t)
    towards = np.broadcast_to(LIGHT, way.shape)
    above = (at + 1e-6 * normal) / scale
    is_lit = (which == 2) | ~np.isfinite(_hit(solid, above, towards)[0])
    lit = AMBIENT + (1 - AMBIENT) * is_lit * np.maximum(normal @ LIGHT, 0)
    mirrored = 2 * (normal @ LIGHT)[:, None] * normal - LIGHT
    shine = np.maximum(-(mirrored * way).sum(axis=1), 0) ** SHINE
    found = np.zeros((len(way), 4))
    found[np.arange(len(way)), which] = lit
    found[:, 3] = GLOSS * (which == 2) * (normal @ LIGHT > 0) * shine
    pixels = found.reshape(SIDE, PARTS, SIDE, PARTS, 4).mean(axis=(1, 3))
    return np.rint(WHOLE * pixels).reshape(-1, 4).astype(np.float32)
