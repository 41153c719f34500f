"""Arrays as found in files -> images [N, H, W, C], or one line that says why not."""

import math

import numpy as np

from aecli.datasets.rows import Rows
from aecli.errors import BadRequest

BLOCK = 2**24  # values at a time: a memory-mapped array need not fit into memory to be checked


def images(found: list[tuple[str, np.ndarray]], shape: list[int] | None = None) -> list[np.ndarray]:
    """(name for messages; [N, H, W, C], [N, H, W] or [N, D]) -> numbers [N, H, W, C].

    Floats become float32; whole numbers and truth values stay as they are. D columns become a
    square image where D is a square number, else [1, D, 1]; `shape` [H, W] or [H, W, C] overrides.
    Raises BadRequest.
    """
    arrays = [_shaped(name, array, shape) for name, array in found]
    first, last = found[0][0], found[-1][0]
    if arrays[0].shape[1:] != arrays[-1].shape[1:]:
        raise BadRequest(
            f"{first} has images of {arrays[0].shape[1:]} and {last} of {arrays[-1].shape[1:]}; "
            "both parts need the same height, width and channels"
        )
    floating = [array.dtype.kind == "f" for array in arrays]
    if any(floating) and not all(floating):
        raise BadRequest(
            f"{first} is {arrays[0].dtype} and {last} {arrays[-1].dtype}; "
            "store both parts with one dtype, so that their values mean the same"
        )
    if all(floating):
        return [_finite_float32(name, a) for (name, _), a in zip(found, arrays, strict=True)]
    return arrays


def _shaped(name: str, array: np.ndarray, shape: list[int] | None) -> np.ndarray:
    if array.dtype.kind not in "buif":
        raise BadRequest(f"{name} has dtype {array.dtype}, not numbers; store integers or floats")
    return array.reshape(len(array), *checked_shape(name, array.shape, shape))


def checked_shape(
    name: str, found: tuple[int, ...], shape: list[int] | None
) -> tuple[int, int, int]:
    """(H, W, C) of the images in an array of shape `found` [N, ...]. Raises BadRequest."""
    if len(found) < 2 or (shape is None and len(found) > 4):
        raise BadRequest(f"{name} has shape {found}; expected [N, H, W, C], [N, H, W] or [N, D]")
    if math.prod(found) == 0:
        raise BadRequest(f"{name} has shape {found}: there are no images in it")
    if shape is None:
        shape = image_shape(found[1:])
    if math.prod(shape) != math.prod(found[1:]):
        raise BadRequest(
            f"dataset.shape={shape} has {math.prod(shape)} values, but an image of {name} has "
            f"{math.prod(found[1:])} {found[1:]}"
        )
    return (*shape, *[1] * (3 - len(shape)))


def image_shape(found: tuple[int, ...]) -> tuple[int, ...]:
    """[H, W, C], [H, W], or [D] -> a square image if D is a square number, else one row."""
    if len(found) > 1:
        return found
    side = math.isqrt(found[0])
    return (side, side) if side * side == found[0] else (1, found[0])


def _finite_float32(name: str, array: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is found as infinity
        array = array.astype(np.float32, copy=False)
    check_finite(name, array)
    return array


def check_finite(name: str, array: np.ndarray | Rows) -> None:
    """Of images [N, H, W, C]. Raises BadRequest with their count and the place of the first."""
    rows = max(1, BLOCK // math.prod(array.shape[1:]))
    bad, first = 0, None
    for start in range(0, len(array), rows):
        block = ~np.isfinite(array[start : start + rows])
        if first is None and block.any():
            index = np.unravel_index(block.argmax(), block.shape)
            first = [int(i) for i in (index[0] + start, *index[1:])]
        bad += int(block.sum())
    if bad:
        raise BadRequest(
            f"{name} has {bad:,} values that are NaN or infinite in float32, the first at "
            f"[image, row, column, channel] = {first}; remove or fill them"
        )
