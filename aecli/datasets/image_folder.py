"""A folder of image files; its sub-folders, where there are any, are the labels."""

import contextlib
import dataclasses
import os
import pathlib
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from aecli import typed
from aecli.datasets import kept_images
from aecli.datasets.base import Dataset, Scale, Source, Split, TestSize
from aecli.datasets.image_file import Found, Frame, glance
from aecli.datasets.image_files import Decoded, decode_all, told
from aecli.datasets.labels import labels
from aecli.datasets.learnt import Learnt
from aecli.datasets.rows import IN_PLACE_BYTES, Rows
from aecli.datasets.source_file import stated_path
from aecli.datasets.stored import in_order
from aecli.errors import BadRequest

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff"}
OPTION = "image_folder"
DEFAULT_SIZE = 64
LOOKED = 10_000  # files that tell what is auto
MOST_BYTE = 255
PATH = "dataset.path"
SHOWN = 5  # unreadable files in one message
Side = Annotated[int, Field(ge=1)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImageFolder(Dataset):
    """Each image is turned upright (EXIF), laid on the background, and fitted.

    It is brought to image_size by bilinear resampling with antialiasing; of an animation the
    first frame is taken. Files are read in alphabetical order. Of 16-bit colours 8 bits are read.
    Two sub-folders called train and test are the two parts; test_size applies to all others.
    """

    path: Annotated[str | None, Field(description="a folder")] = None
    image_size: Annotated[
        Side | Annotated[list[Side], Field(min_length=2, max_length=2)],
        Field(description="[height, width] in pixels, or one number: a square"),
    ] = DEFAULT_SIZE
    color: Literal["auto", "grey", "rgb"] = "auto"
    fit: Literal["stretch", "crop", "pad"] = "stretch"
    background: Annotated[str, Field(description="a colour: black, white, '#ff8800'")] = "black"
    bits: Annotated[Literal["auto", 8, 16], Field(description="a channel")] = "auto"
    on_error: Literal["stop", "skip"] = "stop"
    cache: bool = True  # the decoded images are kept for later runs
    test_size: TestSize = 0.2
    scale: Scale = "auto"

    def read(self) -> Source:
        if self.path is None:
            raise BadRequest("dataset.path is needed: dataset=image_folder dataset.path=FOLDER")
        folder = stated_path(self.path, PATH)
        if not folder.is_dir():
            raise BadRequest(f"{PATH}: {folder} is a file, not a folder")
        places = listed(folder)
        frame = self.frame([file for files in places.values() for file in files])
        found, notes, read = [], [], {}
        for place, files in places.items():
            places[place], read[place] = self._rows(files, frame, found, notes)
        texts = [(str(place), _label_texts(place, files)) for place, files in places.items()]
        texts = [(place, column) for place, column in texts if column is not None]
        if len(texts) not in (0, len(places)):
            raise BadRequest(f"{folder}: only one of train and test has sub-folders for labels")
        counts = [len(part) for part in read.values()]
        numbered, names = labels(texts, counts) if texts else ([None] * 2, None)
        parts = [Split(x, column) for x, column in zip(read.values(), numbered, strict=False)]
        test = parts[1] if len(parts) > 1 else None
        kept = {key: getattr(frame, key) for key in ("color", "fit", "background", "bits")}
        return Source(
            parts[0],
            test,
            str(folder),
            names,
            reader={"option": OPTION, **kept},
            are_pictures=True,
            told=lambda: f"{folder}: {_told(found, sum(counts), frame)}",
            notes=tuple(notes),
        )

    def like(self, learnt: Learnt) -> "ImageFolder":
        """The same; what its settings leave open is as it was in a training."""
        *size, channels = learnt.shape
        settings: dict = {"color": "rgb" if channels == 3 else "grey"}
        if self.image_size == DEFAULT_SIZE:
            settings["image_size"] = size
        if self.bits == "auto" and learnt.raw_range[1] <= MOST_BYTE:
            settings["bits"] = 8
        if learnt.reader.get("option") == OPTION:
            for name in ("fit", "background", "bits"):
                if getattr(self, name) == getattr(ImageFolder, name):
                    settings[name] = learnt.reader[name]
        return dataclasses.replace(self, **settings)

    def frame(self, files: list[pathlib.Path]) -> Frame:
        """What the files are brought to; where that is auto, they tell.

        Of more than LOOKED files so many are looked at, evenly spaced. Raises BadRequest.
        """
        from PIL import ImageColor

        color, bits = self.color, self.bits
        if color == "auto" or (color == "grey" and bits == "auto"):
            has_color, is_deep = _glances(files, color == "auto")
            color = color if color != "auto" else "rgb" if has_color else "grey"
            bits = bits if bits != "auto" else 16 if is_deep else 8
        if color == "rgb":
            bits = 8
        try:
            ImageColor.getrgb(self.background)
        except ValueError:
            raise BadRequest(
                f"dataset.background must be a colour, as black, white or '#ff8800'; "
                f"got {self.background!r}"
            ) from None
        side = self.image_size
        height, width = (side, side) if isinstance(side, int) else side
        return Frame((height, width), color, self.fit, self.background, 16 if bits == 16 else 8)

    def _rows(
        self, files: list[pathlib.Path], frame: Frame, seen: list[Found], notes: list[str]
    ) -> tuple[list[pathlib.Path], Rows]:
        """(those that can be read, their images); what was seen and skipped is added to the lists.

        Where a bad file stops, those that are taken are decoded, later.
        """
        kept: np.ndarray | None = None  # where bad files are skipped, all is decoded at once
        whole: list[Found] = []
        if self.on_error == "skip":
            every = self._decoded(files, frame)
            good = [i for i, one in enumerate(every.found) if one is not None]
            if not good:
                raise BadRequest(_unreadable(every.problems, files))
            if every.problems:
                notes.append(
                    f"{len(every.problems):,} of {len(files):,} images cannot be read and are "
                    f"skipped: {'; '.join(every.problems)}"
                )
            kept = every.x if len(good) == len(files) else every.x[good]
            files, whole = [files[i] for i in good], [one for one in every.found if one]

        def read(positions: np.ndarray) -> np.ndarray:
            if kept is not None:
                seen.extend(whole[i] for i in positions.tolist())
                return in_order(kept, positions)
            taken = [files[i] for i in positions.tolist()]
            part = self._decoded(taken, frame)
            if part.problems:
                raise BadRequest(
                    f"{_unreadable(part.problems, taken)}\n"
                    "remove or replace them, or leave them out: dataset.on_error=skip"
                )
            seen.extend(one for one in part.found if one)
            return part.x

        shape = (len(files), *frame.shape)
        rows = Rows(read, shape, frame.dtype, is_kept=False)
        if rows.nbytes <= IN_PLACE_BYTES or self.limit or not self.cache or kept is not None:
            return files, rows
        if not kept_images.may_hold(len(files), frame):
            return files, rows
        whole_array = read(np.arange(len(files)))  # mapped, not in memory
        return files, Rows(lambda at: whole_array[at], shape, frame.dtype)

    def _decoded(self, files: list[pathlib.Path], frame: Frame) -> Decoded:
        return kept_images.decoded(files, frame) if self.cache else decode_all(files, frame)


def _unreadable(problems: list[str], files: list[pathlib.Path]) -> str:
    return (
        f"{len(problems):,} of {len(files):,} images cannot be read: {'; '.join(problems[:SHOWN])}"
    )


def _told(found: list[Found], there: int, frame: Frame) -> str:
    """As in "1,200 images of 3 sizes, stretched to 64x64"."""
    count = f"{there:,} images" if len(found) == there else f"{len(found):,} of {there:,} images,"
    return f"{count} {told(found, frame)}"


def _glances(files: list[pathlib.Path], until_color: bool) -> tuple[bool, bool]:
    """(whether one has colour, whether one is grey of 16 bits); unreadable ones tell nothing."""
    has_color = is_deep = False
    for i in np.linspace(0, len(files) - 1, min(len(files), LOOKED)).astype(int).tolist():
        with contextlib.suppress(Exception):  # each format has its own for a damaged file
            one = glance(files[i])
            has_color, is_deep = has_color or one[0], is_deep or one[1]
        if has_color and until_color:
            break
    return has_color, is_deep


def listed(folder: pathlib.Path, key: str = PATH) -> dict[pathlib.Path, list[pathlib.Path]]:
    """{the folder: its images}, or {its train folder: ..., its test folder: ...}

    key: the setting that names the folder. Raises BadRequest.
    """
    files = []
    for place, below, names in os.walk(folder):
        below[:] = [name for name in below if not name.startswith(".")]
        files += [pathlib.Path(place, name) for name in names if not name.startswith(".")]
    files = sorted(file for file in files if file.suffix.lower() in SUFFIXES)
    if not files:
        raise BadRequest(f"{key}: {folder} has no image ({' '.join(sorted(SUFFIXES))})")
    depth = len(folder.parts)
    tops = {file.parts[depth] for file in files}
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
    depth = len(folder.parts)
    places = [file.parts[depth:] for file in files]
    loose = [place[0] for place in places if len(place) == 1]
    if len(loose) == len(files):
        return None
    if loose:
        raise BadRequest(
            f"{folder} has images both in sub-folders, which are the labels, and outside of them "
            f"({loose[0]}); move those into a sub-folder"
        )
    return np.array([place[0] for place in places])
