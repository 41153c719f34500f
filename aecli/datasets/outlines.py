"""The outlines of dSprites, and which pixels lie inside of a polygon.

Fitted to the published frames of the original (deepmind/dsprites-dataset, dsprites.gif).
"""

import numpy as np

MOST = 4  # crossings of a horizontal line with any of the outlines


def _square() -> np.ndarray:
    return 9.6 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])


def _ellipse() -> np.ndarray:
    t = 2 * np.pi * np.arange(38) / 38
    return np.stack([12.8 * np.cos(t), 7.24 * np.sin(t)], axis=1)


def _heart() -> np.ndarray:
    t = 2 * np.pi * np.arange(200) / 200
    cosines = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([9.6 * np.sin(t) ** 3, -0.662 * cosines - 1.44], axis=1)


SHAPES = {
    "square": _square(),
    "ellipse": _ellipse(),
    "heart": _heart(),
}  # [n, 2]: x, y down; pixels


def turned(points: np.ndarray, angle: float) -> np.ndarray:
    """[n, 2] turned around the origin by an angle in radians, from x towards y."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return points @ np.array([[cosine, sine], [-sine, cosine]])


def crossings(points: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Returns [m, MOST]: the x at which the outline [n, 2] crosses each height [m], ascending.

    What is inside lies between the first and the second, the third and the fourth (even-odd rule);
    infinity where there are fewer.
    """
    x, y = points.T
    next_x, next_y = np.roll(x, -1), np.roll(y, -1)
    row, edge = np.nonzero((y <= heights[:, None]) != (next_y <= heights[:, None]))
    share = (heights[row] - y[edge]) / (next_y[edge] - y[edge])
    at = x[edge] + share * (next_x[edge] - x[edge])
    order = np.lexsort((at, row))
    row, at = row[order], at[order]
    place = np.arange(len(row)) - np.searchsorted(row, row)
    found = np.full((len(heights), MOST), np.inf)
    found[row, place] = at
    return found
