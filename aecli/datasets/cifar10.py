"""CIFAR-10 from its binary archive, or the folder that it was unpacked to; nothing is unpickled."""

import dataclasses
import pathlib
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from aecli.datasets.base import Dataset, Source, Split, ValidationSize
from aecli.datasets.source_file import existing_file, in_data_folder, stated_path
from aecli.datasets.tar_file import members
from aecli.errors import BadRequest

TRAIN = tuple(f"data_batch_{i}.bin" for i in range(1, 6))
TEST = "test_batch.bin"
FOLDER = "cifar-10-batches-bin"  # in the archive
PICKLED = "cifar-10-batches-py"
SHAPE = (3, 32, 32)  # colours, rows, columns: how an image is stored, after its label
CLASSES = 10
ARCHIVE = "cifar-10-binary.tar.gz"
ORIGIN = "https://www.cs.toronto.edu/~kriz/cifar.html"
NEEDED = (
    f"dataset=cifar10 needs its file {ARCHIVE}: fetch it from {ORIGIN}\n"
    f"put it into the folder AECLI_DATA_DIR, or anywhere: dataset.path=FOLDER/{ARCHIVE}"
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cifar10(Dataset):
    """50,000 training and 10,000 test photographs, 32x32x3 in bytes, of ten classes.

    Krizhevsky (2009). Each of the six files has 10,000 images, the five of the training part 5,000
    of each class together, the test part 1,000: other files are refused.
    """

    label_names: ClassVar[tuple[str, ...]] = (
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    )  # fmt: skip
    images_a_file: ClassVar[int] = 10_000

    path: Annotated[
        str | None, Field(description="cifar-10-binary.tar.gz, or a folder with its .bin files")
    ] = None
    validation_size: ValidationSize = 5000

    def read(self) -> Source:
        path = self.path or in_data_folder(ARCHIVE)
        if path is None:
            raise BadRequest(NEEDED)
        place = stated_path(path, "dataset.path")
        size = self.images_a_file * (1 + int(np.prod(SHAPE)))
        wanted = dict.fromkeys((*TRAIN, TEST), size)
        if place.is_dir():
            found = _in_folder(place, wanted)
        else:
            found = members(existing_file(path, "dataset.path"), wanted)
        missing = [name for name in wanted if name not in found]
        if missing:
            raise BadRequest(
                f"dataset.path: {place} has no {missing[0]}: it is not CIFAR-10's binary version\n"
                f"fetch cifar-10-binary.tar.gz (the one with {PICKLED} is pickled, and not read)"
            )
        train = self._part(place, [found[name] for name in TRAIN], "training")
        test = self._part(place, [found[TEST]], "test")
        return Source(train, test, f"{place}, counts of all classes verified", self.label_names)

    def _part(self, place: pathlib.Path, files: list[bytes], name: str) -> Split:
        """Records of a label and 3,072 bytes, red, green, blue. Raises BadRequest."""
        rows = np.concatenate([np.frombuffer(data, np.uint8) for data in files])
        rows = rows.reshape(len(files) * self.images_a_file, -1)
        labels = rows[:, 0].astype(np.int64)
        counts = np.bincount(labels, minlength=CLASSES)
        if len(counts) > CLASSES or (counts != len(labels) // CLASSES).any():
            raise BadRequest(
                f"dataset.path: {place}: the {name} part has not {len(labels) // CLASSES:,} images "
                f"of each label 0 to {CLASSES - 1}: damaged, or not CIFAR-10; fetch it again"
            )
        x = rows[:, 1:].reshape(-1, *SHAPE).transpose(0, 2, 3, 1)
        return Split(np.ascontiguousarray(x), labels)


def _in_folder(folder: pathlib.Path, wanted: dict[str, int]) -> dict[str, bytes]:
    """The files that are there, of their size. Raises BadRequest for another size."""
    if (folder / FOLDER).is_dir():
        folder /= FOLDER
    found = {}
    for name, size in wanted.items():
        if not (folder / name).exists():
            continue
        file = existing_file(str(folder / name), "dataset.path")
        if file.stat().st_size != size:
            raise BadRequest(
                f"{file} has {file.stat().st_size:,} bytes instead of {size:,}: fetch it again"
            )
        found[name] = file.read_bytes()
    return found
