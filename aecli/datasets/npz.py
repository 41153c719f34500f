"""Arrays of your own in an .npz, or images alone in an .npy."""

import dataclasses
import pathlib
from typing import Annotated

from pydantic import Field

from aecli.datasets import channels
from aecli.datasets.arrays import Place, shaped
from aecli.datasets.base import Dataset, Scale, Source, Split, TestSize
from aecli.datasets.labels import labels
from aecli.datasets.learnt import Learnt
from aecli.datasets.numpy_file import (
    check_sizes,
    npy_header,
    npy_rows,
    npz_headers,
    npz_rows,
    read_npz,
)
from aecli.datasets.numpy_header import Header
from aecli.datasets.rows import IN_PLACE_BYTES
from aecli.datasets.source_file import needed_file, shown
from aecli.errors import BadRequest

OPTION = "npz"
LAYOUTS = (  # images, labels, test images, test labels
    ("x_train", "y_train", "x_test", "y_test"),  # keras.datasets
    ("train_images", "train_labels", "test_images", "test_labels"),  # MedMNIST
    ("x", "y", "x_test", "y_test"),
    ("x", "label", "x_test", "label_test"),  # aecli's own
)
Key = Annotated[str | None, Field(description="'auto', an array's name in the file, or null")]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Npz(Dataset):
    """Images [N, H, W, C], [N, H, W] or [N, D] of any numeric type; labels [N] where there are.

    Integers in 0..255 are taken as x/255, integers in 0..1 and truth values as 0 and 1, anything
    else by `scale`. With 'auto', the usual names are looked for (keras.datasets', MedMNIST's, x and
    y, or the only array). test_size applies where the file has no test part.
    """

    path: str | None = None
    x_key: Annotated[str, Field(description="'auto' or an array's name in the file")] = "auto"
    y_key: Key = "auto"
    x_test_key: Key = "auto"
    y_test_key: Key = "auto"
    shape: Annotated[
        list[Annotated[int, Field(ge=1)]] | None,
        Field(min_length=2, max_length=3, description="[H, W] or [H, W, C] of an image"),
    ] = None
    channels: Annotated[
        Place, Field(description="the axis of the channels: auto, first [N, C, H, W] or last")
    ] = "auto"
    test_size: TestSize = 0.2
    scale: Scale = "auto"

    def read(self) -> Source:
        file = needed_file(self.path, "path", "npz")
        if _is_npy(file):
            is_large = file.stat().st_size > IN_PLACE_BYTES
            rows = npy_rows(file, is_kept=is_large)
            (x,) = shaped([(str(file), rows)], self.shape, self.channels)
            origin = f"{file}, read in place" if is_large else str(file)
            return Source(Split(x), None, origin, reader=channels.stored(OPTION, self.channels))
        keys = self._keys(file)
        check_sizes(file, [key for key in (keys if self.limit is None else keys[1::2]) if key])
        rows = {key: npz_rows(file, key) for key in keys[::2] if key is not None}
        columns = read_npz(file, [key for key in keys[1::2] if key is not None])
        names_of = {key: f"{file}: {shown(key)}" for key in keys if key is not None}
        x, x_test = (None if k is None else (names_of[k], (rows | columns)[k]) for k in keys[::2])
        y, y_test = (None if k is None else (names_of[k], columns[k]) for k in keys[1::2])
        found = shaped([part for part in (x, x_test) if part], self.shape, self.channels)
        counts = [len(part) for column, part in zip((y, y_test), found, strict=False) if column]
        numbered, names = labels([column for column in (y, y_test) if column], counts)
        train = Split(found[0], numbered.pop(0) if y else None)
        test = Split(found[1], numbered.pop(0) if y_test else None) if x_test else None
        reader = channels.stored(OPTION, self.channels) | dict(zip(FIELDS, keys, strict=True))
        return Source(train, test, str(file), names, reader=reader)

    def like(self, learnt: Learnt) -> "Npz":
        file = needed_file(self.path, "path", OPTION)
        settings: dict = {}
        if learnt.reader.get("option") == OPTION and not _is_npy(file):
            headers = npz_headers(file)
            for field in FIELDS:
                if getattr(self, field) == "auto" and learnt.reader.get(field) in headers:
                    settings[field] = learnt.reader[field]
        found = dataclasses.replace(self, **settings)
        stored = found.stored(file).shape
        if self.shape is None and len(stored) == 2:
            found = dataclasses.replace(found, shape=list(learnt.shape))
        if self.channels == "auto":
            place = channels.as_trained(stored[1:], learnt, OPTION)
            found = dataclasses.replace(found, channels=place)
        return found

    def has_labels(self, file: pathlib.Path) -> bool:
        """Whether there are labels beside the images."""
        return not _is_npy(file) and self._keys(file)[1] is not None

    def stored(self, file: pathlib.Path) -> Header:
        """Of the images as stored, [N, ...]."""
        if _is_npy(file):
            return npy_header(file)
        x_key = self._keys(file)[0]
        assert x_key is not None  # the images, without which _keys raises
        return npz_headers(file)[x_key]

    def _keys(self, file: pathlib.Path) -> tuple[str | None, ...]:
        """The names of the four arrays, None where there is none."""
        headers = npz_headers(file)
        usual = [names for names in LAYOUTS if names[0] in headers]
        layout = next((n for n in usual if n[1] in headers), usual[0] if usual else None)
        if layout is None and len(headers) == 1:
            layout = (*headers, None, None, None)
        stated = (self.x_key, self.y_key, self.x_test_key, self.y_test_key)
        if layout is None and self.x_key == "auto":
            raise BadRequest(f"{file} has {_inventory(headers)}; name one: dataset.x_key=NAME")
        keys = []
        for field, name, expected in zip(FIELDS, stated, layout or (None,) * 4, strict=True):
            if name == "auto":
                name = expected if expected in headers else None
            elif name is not None and name not in headers:
                raise BadRequest(
                    f"dataset.{field}={name}: {file} has no such array, but {_inventory(headers)}"
                )
            keys.append(name)
        if keys[2] is None:
            keys[3] = None
        return tuple(keys)


def _is_npy(file: pathlib.Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(6) == b"\x93NUMPY"


FIELDS = ("x_key", "y_key", "x_test_key", "y_test_key")


def _inventory(headers: dict) -> str:
    return ", ".join(f"{shown(name)} {header.shape}" for name, header in list(headers.items())[:10])
