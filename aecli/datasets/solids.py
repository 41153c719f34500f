"""Solids in a room, drawn by casting rays: the six factors of 3D Shapes, and not its images."""

import colorsys
import dataclasses
from typing import ClassVar

import numpy as np

from aecli.datasets import rays
from aecli.datasets.factor_dataset import DrawnOnDemand, Every

SIDE = rays.SIDE
HUES = 10  # k / 10 of the colour circle: red, orange, yellow, ...
SCALES: list[float] = np.linspace(0.75, 1.25, 8).tolist()
ANGLES: list[float] = np.linspace(-30, 30, 15).tolist()  # degrees
COLOURS = 255 * np.array([colorsys.hsv_to_rgb(k / HUES, 1, 1) for k in range(HUES)])
COLOURS = np.rint(COLOURS).astype(np.float32)
WHITE = np.full(3, 255, np.float32)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Solids(DrawnOnDemand):
    """A solid on the floor of a room, [64, 64, 3]: every `every`-th of 480,000; labels: shapes.

    This is not the 3D Shapes of Burgess and Kim (2018), though it has its six factors, their values
    and their order: floor_hue, wall_hue, object_hue: 10 hues each. scale: 0.75 to 1.25 in 8 steps.
    shape: cube, cylinder, sphere, capsule. orientation: from where the room is seen, -30 to 30
    degrees in 15 steps; the corner of the walls goes from right to left. Where scores stand
    beside published ones, say that the data are others.

    Light comes from the left of the camera, with a hard shadow; nothing is random. Images are drawn
    as they are asked for: a part of less than 256 MB is kept, 12,288 bytes an image.
    """

    factor_sizes: ClassVar[dict[str, int]] = {
        "floor_hue": HUES,
        "wall_hue": HUES,
        "object_hue": HUES,
        "scale": len(SCALES),
        "shape": len(rays.SHAPES),
        "orientation": len(ANGLES),
    }
    value_names: ClassVar[dict[str, tuple[str, ...]]] = {"shape": tuple(rays.SHAPES)}
    label_factor: ClassVar[str | None] = "shape"

    image_shape: ClassVar[tuple[int, int, int]] = (SIDE, SIDE, 3)
    about: ClassVar[str] = "solids in a room"
    every: Every = 23

    def drawn(self, values: np.ndarray) -> np.ndarray:
        x = np.empty((len(values), SIDE * SIDE, 3), np.uint8)
        for i, (floor, wall, thing, scale, shape, orientation) in enumerate(values.tolist()):
            shares = rays.shares(shape, SCALES[scale], ANGLES[orientation])
            colours = np.stack([COLOURS[floor], COLOURS[wall], COLOURS[thing], WHITE])
            x[i] = np.minimum(np.rint(shares @ colours / rays.WHOLE), 255)
        return x.reshape(-1, SIDE, SIDE, 3)
