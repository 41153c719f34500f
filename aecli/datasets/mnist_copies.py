"""Where copies of MNIST-like sets lie, and what files they consist of."""

import os
import pathlib

from aecli.cache import cache_folder

FILES = (
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
)  # fmt: skip


def places() -> list[tuple[str, pathlib.Path, bool]]:
    """(name for messages, folder, whether the user stated it), in the order of preference."""
    found = []
    if stated := os.environ.get("AECLI_DATA_DIR"):
        found.append((f"AECLI_DATA_DIR={stated}", pathlib.Path(stated).expanduser(), True))
    keras = pathlib.Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "datasets"
    return [*found, *((str(folder), folder, False) for folder in (keras, cache_folder()))]


def copy_in(
    folder: pathlib.Path, npz_names: tuple[str, ...], sub_folders: tuple[str, ...]
) -> list[pathlib.Path] | None:
    """The .npz, or the four IDX files, in one of the sub-folders or the folder itself."""
    for place in (*(folder / name for name in sub_folders), folder):
        for name in npz_names:
            if (place / name).is_file():
                return [place / name]
        found = [_plain_or_gz(place / name) for name in FILES]
        files = [file for file in found if file is not None]
        if len(files) == len(FILES):
            return files
    return None


def _plain_or_gz(path: pathlib.Path) -> pathlib.Path | None:
    return next((p for p in (path, path.with_name(f"{path.name}.gz")) if p.is_file()), None)
