"""Images -> npz, npy, one PNG, or a folder of PNG files; rows of a table -> csv."""

import os
import pathlib
import shutil

import numpy as np
from tqdm import tqdm

from aecli.datasets.table import ID, ROW
from aecli.dataspec import by
from aecli.errors import BadRequest
from aecli.files import NAME_KEPT, replacing, writing
from aecli.io import tables
from aecli.io.tables import write_npz

SUFFIXES = (".npz", ".npy", ".csv", ".png", "")


def check(suffix: str, data_shape: tuple[int, int, int], count: int | None = None) -> None:
    """Raises BadRequest for what cannot be a picture, before any work."""
    height, _, channels = data_shape
    if suffix in (".png", "") and (channels not in (1, 3) or height == 1):
        shape = by(data_shape)
        raise BadRequest(f"{shape} is no picture\ntake output=FILE.npz")
    if suffix == ".csv" and (height != 1 or channels != 1):
        raise BadRequest(f"{by(data_shape)} is no row of a table\ntake output=FILE.npz")
    if suffix == ".png" and count not in (None, 1):
        raise BadRequest(f"a .png holds one image; these are {count:,}\ntake output=FOLDER")


def write(
    path: pathlib.Path,
    x: np.ndarray,
    data_range: tuple[float, float] = (0.0, 1.0),
    files: list[str] | None = None,
    columns: dict[str, np.ndarray] | None = None,
    **arrays: np.ndarray,
) -> None:
    """x: [N, H, W, C] float32. npz and npy hold it as it is, npz with the arrays beside it.

    csv has the columns {name: [N]} instead (None: x_0, x_1 ... of x), what a row is known by before
    them, and the label after them.

    PNG files have 8 bits: data_range is black and white. files: their names, with any suffix and
    folders within; else 00000.png ...
    """
    suffix = path.suffix.lower()
    if suffix == ".csv":
        rows = x.reshape(len(x), -1)
        own = columns or {f"x_{i}": column for i, column in enumerate(rows.T)}
        before, after = (
            {k: arrays[k] for k in ks if k in arrays} for ks in ((ID, ROW), ("label",))
        )
        tables.write(path, before | own | after)
        return
    if suffix in (".npz", ".npy"):
        with replacing(path) as temporary:
            if suffix == ".npz":
                write_npz(temporary, {"x": x, **arrays})
            else:
                np.save(temporary, x)
        return
    pictures = to_bytes(x, data_range)
    if suffix == ".png":
        with replacing(path) as temporary:
            save(pictures[0], temporary)
        return
    digits = max(5, len(str(len(x) - 1)))
    files = files or [f"{i:0{digits}d}" for i in range(len(x))]
    _write_folder(path, pictures, files)


def to_bytes(x: np.ndarray, data_range: tuple[float, float]) -> np.ndarray:
    """[N, H, W, C] float32 -> uint8; what lies outside of data_range is cut to it."""
    low, high = data_range
    return np.round(255 * np.clip((x - low) / (high - low or 1.0), 0, 1)).astype(np.uint8)


def save(picture: np.ndarray, path: pathlib.Path) -> None:
    """[H, W, 1 or 3] uint8 -> PNG"""
    from PIL import Image

    Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(path, "PNG")


def _write_folder(path: pathlib.Path, pictures: np.ndarray, files: list[str]) -> None:
    """All of them or none: the folder gets its name when it is complete."""
    temporary = path.with_name(f".{path.name[:NAME_KEPT]}.{os.getpid()}.tmp")
    names = [pathlib.PurePath(name).with_suffix(".png") for name in files]
    if len(set(names)) < len(names):  # a.png and a.jpg
        names = [pathlib.PurePath(f"{name}.png") for name in files]
    try:
        with writing(path):
            temporary.mkdir()
            bar = tqdm(pictures, desc="write images", leave=False, delay=1, disable=None)
            for picture, name in zip(bar, names, strict=True):
                place = temporary / name
                place.parent.mkdir(parents=True, exist_ok=True)
                save(picture, place)
            os.rename(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
