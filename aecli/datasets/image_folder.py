"""A folder of image files; its sub-folders, where there are any, are the labels."""

import dataclasses
import pathlib
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from aecli import typed
from aecli.datasets.base import Dataset, Source, Split, TestSize
from aecli.datasets.image_files import decode_all
from aecli.datasets.labels import labels
from aecli.datasets.learnt import Learnt
from aecli.datasets.rows import Rows
from aecli.datasets.source_file import stated_path
from aecli.errors import BadRequest

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff"}
DEFAULT_SIZE = [64, 64]
PATH = "dataset.path"
SHOWN = 5  # unreadable files in one message


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImageFolder(Dataset):
    """Each image is turned upright (EXIF), laid on black where it is transparent, and stretched.

    It is brought to image_size by bilinear resampling with antialiasing; of an animation the
    first frame is taken. Files are read in alphabetical order. 16-bit images are refused.
    Two sub-folders called train and test are the two parts; test_size applies to all others.
    """

    path: Annotated[str | None, Field(description="a folder")] = None
    image_size: Annotated[
        list[Annotated[int, Field(ge=1)]],
        Field(min_length=2, max_length=2, description="[height, width] in pixels"),
    ] = dataclasses.field(default_factory=lambda: list(DEFAULT_SIZE))
    color: Literal["grey", "rgb"] = "grey"
    test_size: TestSize = 0.2

    def read(self) -> Source:
        if self.path is None:
            raise BadRequest("dataset.path is needed: dataset=image_folder dataset.path=FOLDER")
        folder = stated_path(self.path, PATH)
        if not folder.is_dir():
            raise BadRequest(f"{PATH}: {folder} is a file, not a folder")
        places = listed(folder)
        seen = _Seen()
        found = [self._rows(files, seen) for files in places.values()]
        texts = [(str(place), _label_texts(place, files)) for place, files in places.items()]
        texts = [(place, column) for place, column in texts if column is not None]
        if len(texts) not in (0, len(places)):
            raise BadRequest(f"{folder}: only one of train and test has sub-folders for labels")
        counts = [len(part) for part in found]
        numbered, names = labels(texts, counts) if texts else ([None] * 2, None)
        parts = [Split(x, column) for x, column in zip(found, numbered, strict=False)]
        test = parts[1] if len(parts) > 1 else None
        return Source(
            parts[0],
            test,
            str(folder),
            names,
            are_pictures=True,
            told=lambda: f"{folder}: {self._told(seen, sum(counts))}",
        )

    def like(self, learnt: Learnt) -> "ImageFolder":
        height, width, channels = learnt.shape
        size = [height, width] if self.image_size == DEFAULT_SIZE else self.image_size
        color = "rgb" if channels == 3 else self.color
        return dataclasses.replace(self, image_size=size, color=color)

    def _rows(self, files: list[pathlib.Path], seen: "_Seen") -> Rows:
        """Those that are taken are decoded; then BadRequest names the bad files."""

        def read(positions: np.ndarray) -> np.ndarray:
            taken = [files[i] for i in positions.tolist()]
            part = decode_all(taken, self.image_size, self.color)
            if part.problems:
                raise BadRequest(
                    f"{len(part.problems):,} of {len(taken):,} images cannot be read, remove or "
                    f"replace them: {'; '.join(part.problems[:SHOWN])}"
                )
            seen.images += len(taken)
            seen.sizes |= part.sizes
            return part.x

        channels = 1 if self.color == "grey" else 3
        return Rows(read, (len(files), *self.image_size, channels), is_kept=False)

    def _told(self, seen: "_Seen", there: int) -> str:
        """As in "1,200 images of 3 sizes, stretched to 64x64" (height x width)."""
        sizes, (height, width) = seen.sizes, self.image_size
        told = (
            f"{seen.images:,} images of "
            if seen.images == there
            else (f"{seen.images:,} of {there:,} images, of ")
        )
        told += f"{len(sizes):,} sizes" if len(sizes) > 1 else "{}x{}".format(*next(iter(sizes)))
        return told if sizes == {(height, width)} else f"{told}, stretched to {height}x{width}"


@dataclasses.dataclass
class _Seen:
    """What was decoded: how many images, of which (height, width)."""

    images: int = 0
    sizes: set[tuple[int, int]] = dataclasses.field(default_factory=set)


def listed(folder: pathlib.Path, key: str = PATH) -> dict[pathlib.Path, list[pathlib.Path]]:
    """{the folder: its images}, or {its train folder: ..., its test folder: ...}

    key: the setting that names the folder. Raises BadRequest.
    """
    files = sorted(
        file
        for file in folder.rglob("*")
        if file.suffix.lower() in SUFFIXES
        and not file.is_dir()
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )
    if not files:
        raise BadRequest(f"{key}: {folder} has no image ({' '.join(sorted(SUFFIXES))})")
    tops = {file.relative_to(folder).parts[0] for file in files}
    if tops == {"train", "test"}:
        places = (folder / "train", folder / "test")
        return {place: [file for file in files if place in file.parents] for place in places}
    if "train" in tops:
        raise BadRequest(
            f"{key}: {folder} has {', '.join(sorted(tops)[:8])}; train and test alone would "
            f"be the two parts, or name one folder: {typed.setting(key, folder / 'train')}"
        )
    return {folder: files}


def _label_texts(folder: pathlib.Path, files: list[pathlib.Path]) -> np.ndarray | None:
    """The name of each file's sub-folder; None if there are no sub-folders."""
    places = [file.relative_to(folder).parts for file in files]
    loose = [place[0] for place in places if len(place) == 1]
    if len(loose) == len(files):
        return None
    if loose:
        raise BadRequest(
            f"{folder} has images both in sub-folders, which are the labels, and outside of them "
            f"({loose[0]}); move those into a sub-folder"
        )
    return np.array([place[0] for place in places])
