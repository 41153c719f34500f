"""What networks share whose stages halve an image: the sizes on the way, and the cut back."""

import math
from typing import Annotated

from keras import layers
from pydantic import Field

from aecli import typed
from aecli.errors import BadRequest

Filters = Annotated[list[Annotated[int, Field(gt=0, le=2**14)]], Field(min_length=1, max_length=16)]


def halved(shape: tuple, filters: list[int]) -> list[tuple[int, int]]:
    """Returns height and width before the first stage and after each, odd ones rounded up.

    filters: of the stages. Raises BadRequest where an image is down to a single place before the
    last one.
    """
    sizes = [tuple(shape[:2])]
    for stage in range(len(filters)):
        if max(sizes[-1]) < 2:
            fewer = typed.setting("network.filters", filters[:stage])
            raise BadRequest(
                f"network.filters has {len(filters)} stages and each halves the image: "
                f"{shape[0]}x{shape[1]} is down to 1x1 after {stage}\n"
                f"{f'use at most {stage}: {fewer}' if stage else 'such data take network=mlp'}"
            )
        sizes.append(tuple(math.ceil(side / 2) for side in sizes[-1]))
    return sizes


def cropped(x, size: tuple[int, int] | None):
    """Cut [B, h, w, C] down to [B, *size, C] at the bottom and right; None: leave it."""
    if size is None:
        return x
    rows, columns = x.shape[1] - size[0], x.shape[2] - size[1]
    if rows == columns == 0:
        return x
    return layers.Cropping2D(((0, rows), (0, columns)))(x)
