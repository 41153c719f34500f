"""Ranges beside [0, 1] and bytes in which people store images, and the way to [0, 1] and back.

A range is recognised once, by the smallest and the largest value of a training's images together,
and is a unit from then on: (x - offset) / divisor with one pair of numbers for all values.
"""

import numpy as np

PAIRS: dict[str, tuple[float, float]] = {  # unit: offset, divisor
    "levels": (0.0, 255.0),  # floats of the range of bytes
    "signed": (-1.0, 2.0),  # floats in [-1, 1]
    "bits10": (0.0, 1023.0),  # whole numbers of more than 8 bits
    "bits12": (0.0, 4095.0),
    "bits14": (0.0, 16383.0),
    "bits16": (0.0, 65535.0),
}
WHOLE = tuple(unit for unit in PAIRS if unit.startswith("bits"))
LEAST_LEVEL = 16.0  # largest value from which on floats are taken for levels: 0..16 is another unit
LEAST_SIGNED = -0.01  # smallest value from which down floats are: above, it is what a filter left


def of_floats(low: float, high: float) -> str:
    """The unit of images of floats from low to high: levels, signed or other."""
    if low >= 0 and LEAST_LEVEL < high <= 255:
        return "levels"
    return "signed" if -1 <= low < LEAST_SIGNED and high <= 1 else "other"


def of_whole_numbers(low: float, high: float) -> str:
    """The unit of images of whole numbers beyond bytes: of as few bits as hold them, or other."""
    fitting = [unit for unit in WHOLE if high <= PAIRS[unit][1]]
    return fitting[0] if low >= 0 and fitting else "other"


def scaled(x: np.ndarray, unit: str) -> np.ndarray:
    """Values as in a file -> float32 in [0, 1]; of a unit without a pair as they are."""
    if unit not in PAIRS:
        return x
    offset, divisor = map(np.float32, PAIRS[unit])
    return (x.astype(np.float32) - offset) / divisor


def undone(x: np.ndarray, unit: str) -> np.ndarray:
    """What `scaled` gave, as in the file again."""
    if unit not in PAIRS:
        return x
    offset, divisor = map(np.float32, PAIRS[unit])
    return x * divisor + offset


def undone_range(ends: tuple[float, float], unit: str) -> tuple[float, float]:
    """(lowest, highest) as in the file."""
    offset, divisor = PAIRS.get(unit, (0.0, 1.0))
    return ends[0] * divisor + offset, ends[1] * divisor + offset


def note(unit: str) -> str:
    """What to say of a training's images in this unit; "" where nothing was done to them."""
    if unit not in PAIRS:
        return ""
    if unit in WHOLE:
        how = f"whole numbers of {unit.removeprefix('bits')} bits taken as x / {PAIRS[unit][1]:g}"
    elif unit == "signed":
        how = "values in [-1, 1] taken as (x + 1) / 2"
    else:
        how = "values in [0, 255] taken as x / 255"
    return f"{how}; as they are: dataset.scale=none"
