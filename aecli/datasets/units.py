"""The unit of a data set's values: what a number in a file means, decided once, by the training.

bytes: whole numbers 0..255 that mean x/255; binary: whole numbers 0 and 1, or truth values, that
mean themselves; those of ranges.PAIRS: images in another range, brought to [0, 1]; other: whatever
they are. A model sees all of them as float32.
"""

from typing import Literal, get_args

import numpy as np

from aecli.datasets import ranges
from aecli.datasets.rows import Rows
from aecli.datasets.splits import Array, value_range
from aecli.errors import BadRequest

Unit = Literal[
    "bytes", "binary", "other", "levels", "signed", "bits10", "bits12", "bits14", "bits16"
]
UNITS: tuple[str, ...] = get_args(Unit)
Range = tuple[float, float]


def unit_of(arrays: list[Array], by_range: bool = False) -> str:
    """The unit of the parts of one data set together, as found in their files.

    by_range: whether they are images whose range may be one of ranges.PAIRS.
    """
    if any(array.dtype.kind == "f" for array in arrays):
        return ranges.of_floats(*_ends(*arrays)) if by_range else "other"
    if all(array.dtype in (bool, np.uint8) for array in arrays):
        is_small = all(block.max() <= 1 for array in arrays for block in blocks(array))
        return "binary" if is_small else "bytes"
    low, high = _ends(*arrays)
    if low < 0 or high > 255:
        return ranges.of_whole_numbers(low, high) if by_range else "other"
    return "binary" if high <= 1 else "bytes"


def in_unit(array: Array, unit: str) -> Array:
    """Values as found -> uint8 that means x/255, or float32."""
    if unit == "binary":  # black and white, not 1/255
        return _mapped(array, lambda x: x.astype(np.uint8) * np.uint8(255), np.uint8)
    if unit in ranges.PAIRS:
        return _mapped(array, lambda x: ranges.scaled(x, unit), np.float32)
    kind = np.uint8 if unit == "bytes" else np.float32
    return array if array.dtype == kind else _mapped(array, lambda x: x.astype(kind), kind)


def as_trained(
    name: str,
    array: Array,
    unit: str,
    trained: Range,
    are_pictures: bool = False,
    whole: list[Array] | None = None,
) -> tuple[Array, str]:
    """Values of another file -> what the training would have made of them, and what to say of it.

    unit, trained: of the training's values, and their (lowest, highest) before any scaling. What a
    whole number means is never told by the file's own largest one. are_pictures: decoded ones, of
    8 bits; whole: all parts of the file, of which array is one. Raises BadRequest where the file's
    numbers cannot mean what the training's did.
    """
    is_unit_interval = trained[0] >= 0 and trained[1] <= 1
    if array.dtype.kind == "f":
        return _floats_as_trained(name, array, unit, trained, whole or [array])
    if array.dtype == bool:
        return in_unit(array, "binary" if is_unit_interval else "other"), ""
    if array.dtype == np.uint8 and unit in ranges.WHOLE and not (are_pictures and unit == "bits16"):
        raise _of_8_bits(name, unit, trained)  # of 16 bits, white is white
    if are_pictures and array.dtype == np.uint16 and is_unit_interval:
        return in_unit(array, unit if unit in ranges.WHOLE else "bits16"), ""
    if are_pictures and is_unit_interval:
        return in_unit(array, "bytes"), ""
    if are_pictures and (trained[0] < 0 or trained[1] > 255):
        raise _of_8_bits(name, unit, trained)
    if unit == "levels" or unit in ranges.WHOLE:
        return in_unit(array, unit), ""
    if unit == "other" and not is_unit_interval:
        return in_unit(array, "other"), ""
    low, high = _ends(array)
    if unit == "binary" and high <= 1 and low >= 0:
        return in_unit(array, "binary"), ""
    if low < 0 or high > 255:
        raise _other_unit(name, (low, high), unit, trained)
    if unit == "bytes":
        return in_unit(array, "bytes"), ""
    if high == 1:
        trained = ranges.undone_range(trained, unit)
        raise BadRequest(
            f"{name} has the whole numbers {low:g} to {high:g}, and this run was trained on values "
            f"from {trained[0]:g} to {trained[1]:g}: they may be bytes or 0 and 1\n"
            "store truth values (bool), floats, or bytes of which one is more than 1"
        )
    return in_unit(array, "bytes"), "whole numbers taken as x/255"


def _floats_as_trained(
    name: str, array: Array, unit: str, trained: Range, whole: list[Array]
) -> tuple[Array, str]:
    array = in_unit(array, "other")
    if unit == "other":
        return array, ""
    low, high = _ends(*(whole if unit in ranges.PAIRS else [array]))
    if unit == "signed":
        note = "" if low < 0 else "no value is below 0, and all are taken as (x + 1) / 2"
        return in_unit(array, unit), note  # bright, or in [0, 1]: their owner alone can tell
    if unit in ranges.PAIRS:
        if high <= 1 and (low, high) != (0, 0):  # in [0, 1] or [-1, 1]
            raise _other_unit(name, (low, high), unit, trained)
        return in_unit(array, unit), ""
    if low >= 0 and 1 < high <= 255 and _is_whole(array):
        return in_unit(array, "bytes"), "whole numbers taken as x/255"
    return array, ""


def check_range(
    name: str, part, trained: Range, unit: str, beyond: bool, slack: float = 0.01
) -> str:
    """Of a prepared Split that nothing scales: "" where its values are those of the training.

    beyond: whether single values outside may pass; then the text says how many there are. slack:
    the share of the training's range by which a value may lie outside. Raises BadRequest.
    """
    if part.x.dtype == np.uint8 and unit == "bytes":
        return ""  # bytes are always in range
    low, high = value_range(part)
    reach = slack * (trained[1] - trained[0])
    if low >= trained[0] - reach and high <= trained[1] + reach:
        return ""
    if unit == "bytes" and low >= 0 and high <= 1:  # as such bytes would be
        return ""
    one = 255 if part.x.dtype == np.uint8 else 1
    least, most = one * (trained[0] - reach), one * (trained[1] + reach)
    count = sum(int(((block < least) | (block > most)).sum()) for block in blocks(part.x))
    is_unit_interval = trained[0] >= 0 and trained[1] <= 1
    if not beyond or (is_unit_interval and high > OTHER_UNIT and count > SINGLE * part.x.size):
        raise _other_unit(name, ranges.undone_range((low, high), unit), unit, trained)
    (low, high), trained = (ranges.undone_range(ends, unit) for ends in ((low, high), trained))
    return (
        f"{count:,} of {part.x.size:,} values lie outside of the training's {trained[0]:g} to "
        f"{trained[1]:g}: from {low:.4g} to {high:.4g}"
    )


OTHER_UNIT = 16.0  # beyond this, more than a SINGLE value beside data in [0, 1] is another unit
SINGLE = 0.01


def _of_8_bits(name: str, unit: str, trained: Range) -> BadRequest:
    low, high = ranges.undone_range(trained, unit)
    return BadRequest(
        f"{name} has pixels of 8 bits; this run was trained on values from {low:g} to {high:g}\n"
        "store the values themselves, as in an .npy"
    )


def _other_unit(name: str, found: Range, unit: str, trained: Range) -> BadRequest:
    """found: as in the file."""
    trained = ranges.undone_range(trained, unit)
    what = {
        "bytes": "bytes, which mean x/255\nstore whole numbers from 0 to 255, or floats in [0, 1]",
        "binary": "0 and 1\nstore these, or bytes 0 and 255",
    }.get(unit, f"values from {trained[0]:g} to {trained[1]:g}\nstore them in the same unit")
    return BadRequest(
        f"{name} has values from {found[0]:.4g} to {found[1]:.4g}; this run was trained on {what}"
    )


def blocks(array: Array):
    """All values, a part at a time where they stay in their file."""
    return array.blocks() if isinstance(array, Rows) else [array]


def _ends(*arrays: Array) -> tuple[float, float]:
    """(smallest, largest) number as found, of all together."""
    ends = [(block.min(), block.max()) for array in arrays for block in blocks(array)]
    return float(min(low for low, _ in ends)), float(max(high for _, high in ends))


def _is_whole(array: Array) -> bool:
    return all(np.array_equal(block, np.floor(block)) for block in blocks(array))


def _mapped(array: Array, change, dtype) -> Array:
    """Of Rows, as they are read."""
    if isinstance(array, Rows):
        return array.mapped(change, dtype)
    return change(array)
