"""CelebA: the folder of aligned faces, and a label from its file of attributes."""

import dataclasses
import difflib
import pathlib
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from aecli.datasets.base import Dataset, Source, TestSize
from aecli.datasets.image_folder import ImageFolder, Side, listed
from aecli.datasets.source_file import existing_file, in_data_folder, shown, stated_path
from aecli.errors import BadRequest

FOLDER = "img_align_celeba"
ATTRIBUTES = "list_attr_celeba.txt"
PATH = "dataset.path"
MOST_BYTES = 2**26  # of the attributes; the original's are 27 MB
ORIGIN = "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html"
NEEDED = (
    f"dataset=celeba needs its folder {FOLDER}: fetch it from {ORIGIN}\n"
    f"put it into the folder AECLI_DATA_DIR, or anywhere: dataset.path=DIR/{FOLDER}"
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Celeba(Dataset):
    """Colour photographs of faces, 178x218 in the files, brought to image_size.

    Liu et al. (2015). Whichever of the 202,599 files are in the folder are taken, in alphabetical
    order; their published parts are not known here. label: one of the 40 attributes, whose 1 and -1
    become its name and "not" with its name; they are read beside the folder or in it.
    """

    licence: ClassVar[str] = "for research that is not commercial; no image may be passed on"

    path: Annotated[str | None, Field(description=f"{FOLDER}, or the folder that it is in")] = None
    label: Annotated[
        str | None, Field(description=f"an attribute of {ATTRIBUTES}, as Smiling; null: none")
    ] = None
    image_size: Annotated[
        Side | Annotated[list[Side], Field(min_length=2, max_length=2)],
        Field(description="[height, width] in pixels, or one number: a square"),
    ] = 64
    fit: Literal["stretch", "crop", "pad"] = "crop"
    cache: bool = True  # the decoded images are kept for later runs
    test_size: TestSize = 0.2

    def read(self) -> Source:
        path = self.path or in_data_folder(FOLDER)
        if path is None:
            raise BadRequest(NEEDED)
        folder = stated_path(path, PATH)
        if (folder / FOLDER).is_dir():
            folder /= FOLDER
        reader = ImageFolder(
            path=str(folder), image_size=self.image_size, color="rgb", fit=self.fit,
            cache=self.cache, limit=self.limit,
        )  # fmt: skip
        source = reader.read()
        if source.test is not None or source.train.labels is not None:
            raise BadRequest(
                f"{PATH}: {folder} has sub-folders of images; CelebA's are all in one\n"
                "read others by dataset=image_folder"
            )
        if self.label is None:
            return source
        (files,) = listed(folder).values()
        numbers = self._labels(folder, [file.name for file in files])
        train = dataclasses.replace(source.train, labels=numbers)
        names = (f"not {self.label}", self.label)
        return dataclasses.replace(source, train=train, label_names=names)

    def _labels(self, folder: pathlib.Path, files: list[str]) -> np.ndarray:
        """[N] 0 or 1 of the attribute. Raises BadRequest."""
        places = [folder / ATTRIBUTES, folder.parent / ATTRIBUTES]
        place = next((place for place in places if place.is_file()), None)
        if place is None:
            raise BadRequest(
                f"dataset.label={self.label} needs {ATTRIBUTES}, in {folder} or beside it"
            )
        values = attribute(place, self.label or "")
        missing = [name for name in files if name not in values]
        if missing:
            raise BadRequest(f"{place} has no line for {len(missing):,} images, as {missing[0]}")
        return np.array([values[name] for name in files], np.int64)


def attribute(path: pathlib.Path, name: str) -> dict[str, bool]:
    """Returns {file: whether it has the attribute} of CelebA's list. Raises BadRequest.

    Its first line is the number of images, the second the names of the attributes; then a line an
    image: its file and 1 or -1 for each.
    """
    existing_file(str(path), "dataset.label")
    if path.stat().st_size > MOST_BYTES:
        raise BadRequest(f"{path} has more than {MOST_BYTES:,} bytes: it is not {ATTRIBUTES}")
    _, header, *lines = [*path.read_text("utf-8", "replace").split("\n"), ""]
    names = header.split()
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {shown(near[0])!r}?" if near else f"as {shown(' '.join(names[:5]))}"
        raise BadRequest(f"dataset.label={name}: {path} has no such attribute; {hint}")
    found, column = {}, names.index(name) + 1
    for number, line in enumerate(lines, 3):
        cells = line.split()
        if not cells:
            continue
        if len(cells) != len(names) + 1 or cells[column] not in ("1", "-1"):
            raise BadRequest(
                f"{path}: line {number:,} is not a file and {len(names)} numbers 1 or -1: "
                f"{shown(line, 40)!r}"
            )
        found[cells[0]] = cells[column] == "1"
    return found
