"""Series of unequal length in one array, and the arrays of .npy and .npz files."""

import pathlib

import numpy as np

from aecli.datasets.csv_rows import LARGEST
from aecli.datasets.npz import LAYOUTS
from aecli.datasets.numpy_file import npz_headers, read_npy, read_npz
from aecli.errors import BadRequest

MOST_VALUES = 2**26  # of what is filled up, or so often as many as the series have:
MOST_TIMES = 100


def padded(name: str, series: list[np.ndarray], length: int) -> np.ndarray:
    """Series [t, C] -> [N, 1, length, C] float32; the points that one lacks at its end are NaN."""
    channels = series[0].shape[1]
    found = sum(len(one) for one in series)
    if len(series) * length > max(MOST_VALUES // channels, MOST_TIMES * found):
        raise BadRequest(
            f"{name}: its {len(series):,} series have {found:,} points; filled up to {length:,} "
            f"each they had more than {MOST_TIMES} times as many; cut the long ones"
        )
    x = np.full((len(series), 1, length, channels), np.nan, np.float32)
    for row, one in enumerate(series):
        if len(one) > length:
            raise BadRequest(f"{name}: series {row} has {len(one)} points, more than {length}")
        x[row, 0, : len(one)] = one
    return x


def read_arrays(path: pathlib.Path) -> list[tuple[str, np.ndarray | None]]:
    """-> (name, array) of the training's series and labels, and where there are, of the test's.

    The arrays of an .npz have the usual names (x_train ..., x, y), or it holds one alone.
    """
    with path.open("rb") as stream:
        if stream.read(6) == b"\x93NUMPY":
            return [(str(path), read_npy(path)), ("", None)]
    headers = npz_headers(path)
    layout = next((names for names in LAYOUTS if names[0] in headers), None)
    if layout is None and len(headers) == 1:
        layout = (*headers, "", "", "")
    if layout is None:
        raise BadRequest(
            f"{path} has {', '.join(headers)}; name the arrays x and y, or x_train ..."
        )
    found = read_npz(path, [name for name in layout if name in headers])
    pairs = [(f"{path}: {name}", found.get(name)) for name in layout]
    return pairs if pairs[2][1] is not None else pairs[:2]


def as_series(name: str, array: np.ndarray) -> list[np.ndarray]:
    """[N, T] or [N, T, C] -> [t, C] float32 each; NaN at the end are points that one lacks."""
    if array.dtype.kind not in "buif" or array.ndim not in (2, 3) or array.size == 0:
        raise BadRequest(
            f"{name} is {array.dtype} {array.shape}; series are numbers [N, T] or [N, T, C]"
            + ("\none long recording needs dataset.window=POINTS" if array.ndim == 1 else "")
        )
    array = _float32(array.reshape(*array.shape[:2], -1))
    there = np.asarray(~np.isnan(array).all(axis=2))
    is_some: np.ndarray = np.asarray(there.any(axis=1))
    lengths = np.where(is_some, there.shape[1] - there[:, ::-1].argmax(axis=1), 0)
    series = [one[:length] for one, length in zip(array, lengths, strict=True)]
    for row, one in enumerate(series):
        if not len(one):
            raise BadRequest(f"{name}: series {row} has no points")
        check_finite(f"{name}: series {row}", one)
    return series


def as_recording(name: str, array: np.ndarray) -> np.ndarray:
    """[T] or [T, C] -> [T, C] float32."""
    if array.dtype.kind not in "buif" or array.ndim not in (1, 2) or array.size == 0:
        raise BadRequest(f"{name} is {array.dtype} {array.shape}; a recording is [T] or [T, C]")
    array = _float32(array.reshape(len(array), -1))
    check_finite(name, array)
    return array


def _float32(array: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):  # found as infinity
        return array.astype(np.float32)


def check_finite(name: str, x: np.ndarray) -> None:
    """Of values [T, C]. Raises BadRequest with the first place."""
    bad = ~(np.abs(x) <= LARGEST)
    if bad.any():
        point, channel = np.unravel_index(bad.argmax(), bad.shape)
        raise BadRequest(
            f"{name} has {bad.sum():,} values that are NaN or infinite, the first at [point, "
            f"channel] = [{point}, {channel}]; fill them: only the end of a series may be missing"
        )
