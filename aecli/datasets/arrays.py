"""Arrays as found in files -> images [N, H, W, C], or one line that says why not."""

import math
from typing import Literal

import numpy as np

from aecli.datasets.rows import Rows
from aecli.errors import BadRequest

BLOCK = 2**24  # values at a time
MOST = 2**27  # images: the row numbers of more fill the memory
CHANNELS = (1, 3, 4)  # of a picture: grey, colour, with transparency
Place = Literal["auto", "first", "last"]  # of the channels; auto: last, but refused where it is not


def shaped(
    found: list[tuple[str, np.ndarray | Rows]],
    shape: list[int] | None = None,
    channels: Place = "last",
) -> list[np.ndarray | Rows]:
    """(name for messages; [N, H, W, C], [N, H, W] or [N, D]) -> the same values, [N, H, W, C].

    D columns become a square image where D is a square number, else [1, D, 1]; `shape` [H, W] or
    [H, W, C] overrides. channels: where they are stored; first: [N, C, H, W], or rows of C planes
    where `shape` has C. Of Rows nothing is read. Raises BadRequest.
    """
    arrays = [_shaped(name, array, shape, channels) for name, array in found]
    first, last = found[0][0], found[-1][0]
    if arrays[0].shape[1:] != arrays[-1].shape[1:]:
        raise BadRequest(
            f"{first} has images of {arrays[0].shape[1:]} and {last} of {arrays[-1].shape[1:]}; "
            "both parts need the same height, width and channels"
        )
    return arrays


def images(
    found: list[tuple[str, np.ndarray | Rows]],
    shape: list[int] | None = None,
    positions: list[np.ndarray | None] | None = None,
) -> list[np.ndarray | Rows]:
    """As shaped, with their values checked: (name; array) -> numbers [N, H, W, C].

    Floats become float32; whole numbers and truth values stay as they are. positions: which images
    of its file each array has, None for all. Raises BadRequest.
    """
    arrays = shaped(found, shape)
    first, last = found[0][0], found[-1][0]
    floating = [array.dtype.kind == "f" for array in arrays]
    if any(floating) and not all(floating):
        raise BadRequest(
            f"{first} is {arrays[0].dtype} and {last} {arrays[-1].dtype}; "
            "store both parts with one dtype, so that their values mean the same"
        )
    if all(floating):
        names, numbers = [name for name, _ in found], positions or [None] * len(found)
        return [_finite_float32(*one) for one in zip(names, arrays, numbers, strict=True)]
    return arrays


def _shaped(
    name: str, array: np.ndarray | Rows, shape: list[int] | None, channels: Place
) -> np.ndarray | Rows:
    if array.dtype.kind not in "buif":
        raise BadRequest(f"{name} has dtype {array.dtype}, not numbers; store integers or floats")
    found = tuple(array.shape)
    if channels == "auto" and shape is None and _looks_first(found):
        raise BadRequest(
            f"{name}: {list(found)} looks channels-first: dataset.channels=first (last: as it is)"
        )
    if channels == "first":
        found = _with_channels_last(name, found, shape)
    height, width, last = checked_shape(name, found, shape)

    def change(x: np.ndarray) -> np.ndarray:
        if channels != "first":
            return x.reshape(-1, height, width, last)
        planes = x.reshape(-1, last, height, width)
        return np.ascontiguousarray(planes.transpose(0, 2, 3, 1))

    if isinstance(array, Rows):
        return array.mapped(change, array.dtype, (len(array), height, width, last))
    return change(array)


def _looks_first(found: tuple[int, ...]) -> bool:
    return len(found) == 4 and found[1] in CHANNELS and found[3] not in CHANNELS


def _with_channels_last(
    name: str, found: tuple[int, ...], shape: list[int] | None
) -> tuple[int, ...]:
    """[N, C, H, W] -> [N, H, W, C]; rows [N, D] have their C from the shape."""
    if len(found) == 4:
        count, channels, height, width = found
        return count, height, width, channels
    if len(found) == 2 and shape is not None and len(shape) == 3:
        return found
    raise BadRequest(
        f"dataset.channels=first needs [N, C, H, W], or [N, D] and dataset.shape=[H,W,C]; "
        f"{name} has shape {found}"
    )


def checked_shape(
    name: str, found: tuple[int, ...], shape: list[int] | None
) -> tuple[int, int, int]:
    """(H, W, C) of the images in an array of shape `found` [N, ...]. Raises BadRequest."""
    if len(found) < 2 or (shape is None and len(found) > 4):
        raise BadRequest(f"{name} has shape {found}; expected [N, H, W, C], [N, H, W] or [N, D]")
    if math.prod(found) == 0:
        raise BadRequest(f"{name} has shape {found}: there are no images in it")
    if found[0] > MOST:
        raise BadRequest(f"{name} has {found[0]:,} images, more than {MOST:,}; take a part of them")
    image = image_shape(found[1:]) if shape is None else shape
    if math.prod(image) != math.prod(found[1:]):
        raise BadRequest(
            f"dataset.shape={shape} has {math.prod(image)} values, but an image of {name} has "
            f"{math.prod(found[1:])} {found[1:]}"
        )
    height, width, channels = (*image, 1, 1)[:3]
    return height, width, channels


def image_shape(found: tuple[int, ...]) -> tuple[int, ...]:
    """[H, W, C], [H, W], or [D] -> a square image if D is a square number, else one row."""
    if len(found) != 1:
        return found
    (numbers,) = found
    side = math.isqrt(numbers)
    return (side, side) if side * side == numbers else (1, numbers)


def _finite_float32(name: str, array: np.ndarray | Rows, positions) -> np.ndarray | Rows:
    if not isinstance(array, Rows):  # those that are kept are float32
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is found as infinity
            array = array.astype(np.float32, copy=False)
    check_finite(name, array, positions)
    return array


def check_finite(name: str, array: np.ndarray | Rows, positions: np.ndarray | None = None) -> None:
    """Of images [N, H, W, C]. Raises BadRequest with their count and the place of the first.

    positions: [N], which images of the file they are, where they are not all.
    """
    rows = max(1, BLOCK // math.prod(array.shape[1:]))
    bad, first = 0, None
    for start in range(0, len(array), rows):
        block = ~np.isfinite(array[start : start + rows])
        if first is None and block.any():
            index = np.unravel_index(block.argmax(), block.shape)
            row = index[0] + start if positions is None else positions[index[0] + start]
            first = [int(i) for i in (row, *index[1:])]
        bad += int(block.sum())
    if bad:
        raise BadRequest(
            f"{name} has {bad:,} values that are NaN or infinite in float32, the first at "
            f"[image, row, column, channel] = {first}; remove or fill them"
        )
