"""Files of the user's -> images of a run's shape, by what the data set options read."""

import dataclasses
import pathlib

import numpy as np

from aecli.datasets.base import Dataset, Source, Split
from aecli.datasets.csv import Csv
from aecli.datasets.idx import Idx
from aecli.datasets.image_files import decode_all, is_changed, told
from aecli.datasets.image_folder import SUFFIXES, ImageFolder, listed
from aecli.datasets.learnt import Learnt
from aecli.datasets.npz import Npz
from aecli.datasets.parquet import Parquet
from aecli.datasets.series import Series
from aecli.datasets.source_file import existing_file, stated_path
from aecli.datasets.table import OPTION, Table
from aecli.datasets.text import Text
from aecli.dataspec import by
from aecli.errors import BadRequest

TABLES = (".csv", ".tsv", ".txt", ".parquet", ".npy", ".npz")
KINDS = (
    f"npz, npy, csv, parquet, idx, an image or a folder of images ({' '.join(sorted(SUFFIXES))})"
)


@dataclasses.dataclass(frozen=True)
class Found:
    """split: in model units. files: the name of each image's file, or None; notes: what to say."""

    path: str
    split: Split
    label_names: tuple[str, ...] | None
    files: list[str] | None
    notes: tuple[str, ...] = ()


def found(path: str, learnt: Learnt, split: str, beyond: bool = False, key: str = "input") -> Found:
    """The images at a path, as the training would have had them.

    Of a file with a test part, that part where split is test. Image files are brought to the
    run's shape as the training's were. beyond: whether values outside of the training's range may
    pass; key: the setting that names the path. Raises BadRequest.
    """
    place, files = stated_path(path, key), None
    if learnt.kind == "series":
        existing_file(path, key)
        source = Series(path=str(place)).like(learnt).read()
    elif learnt.kind == "text":
        existing_file(path, key)
        source = Text(path=str(place)).like(learnt).read()
    elif place.is_dir() or place.suffix.lower() in SUFFIXES:
        source, files = _pictures(place, learnt, key)
    else:
        reader = _reader(place, key, learnt.reader.get("option") == OPTION)
        existing_file(path, key)  # here, since a reader would speak of dataset.path
        source = reader.like(learnt).read().read()
    part = source.test if split == "test" and source.test is not None else source.train
    if part.x.shape[1:] != tuple(learnt.raw_shape):
        raise BadRequest(
            f"{key}={path} has images of {by(part.x.shape[1:])}; "
            f"this run was trained on {by(learnt.raw_shape)}"
        )
    source = dataclasses.replace(source, origin=f"{key}={path}")
    part, names, notes = learnt.given(source, dataclasses.replace(part, x=part.x[:]), beyond)
    return Found(path, part, names, files, (*source.notes, *notes))


def _reader(place: pathlib.Path, key: str, is_table: bool) -> Dataset:
    """is_table: whether the run was trained on a table, whose columns have roles."""
    name = place.name.lower().removesuffix(".gz")
    if is_table and name.endswith(TABLES):
        return Table(path=str(place))
    if name.endswith((".npz", ".npy")):
        return Npz(path=str(place))
    if name.endswith((".csv", ".tsv", ".txt")):
        return Csv(path=str(place), delimiter="\t" if name.endswith(".tsv") else ",")
    if name.endswith(".parquet"):
        return Parquet(path=str(place))
    if name.endswith(("-ubyte", ".idx")):
        return Idx(path=str(place))
    raise BadRequest(f"{key}={place}: unknown kind of file; it can be {KINDS}")


def _pictures(place: pathlib.Path, learnt: Learnt, key: str) -> tuple[Source, list[str]]:
    """Labels are the names of sub-folders, where every image is in one."""
    if learnt.shape[2] not in (1, 3) or learnt.shape[0] == 1:
        raise BadRequest(
            f"{key}={place}: this run was trained on {by(learnt.shape)}, not on images"
        )
    root = place if place.is_dir() else place.parent
    parts = listed(root, key).values() if place.is_dir() else [[place]]
    files = [file for part in parts for file in part]
    frame = ImageFolder().like(learnt).frame(files)
    decoded = decode_all(files, frame)
    if decoded.problems:
        raise BadRequest(
            f"{key}={place}: {len(decoded.problems):,} of {len(files):,} images cannot be read: "
            f"{'; '.join(decoded.problems[:5])}"
        )
    names = [str(file.relative_to(root)) for file in files]
    folders = [pathlib.PurePath(name).parts[:-1] for name in names]
    labels = label_names = None
    if place.is_dir() and all(folders):
        label_names, labels = np.unique([parts[-1] for parts in folders], return_inverse=True)
        label_names = tuple(label_names.tolist())
    found = [one for one in decoded.found if one is not None]
    text = f"{place}: {told(found, frame).removeprefix('of ')}"
    notes = (text,) if is_changed(found, frame) else ()
    pictures = Split(decoded.x, labels)
    source = Source(pictures, None, str(place), label_names, are_pictures=True, notes=notes)
    return source, names
