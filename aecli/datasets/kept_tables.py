"""Tables as float32, kept in the user's cache and mapped into memory: they need not fit into it.

What was read for another content or other roles of the columns has another name. A file (see
kept.py) has the rows [N, D], the label of each as a position in the labels, and where there are ids
where each ends and their letters; its JSON has the names of categories and labels.
"""

import hashlib
import json
import mmap
import os
import pathlib
import shutil
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np

from aecli.cache import own_folder
from aecli.datasets import ids, kept
from aecli.datasets.rows import Rows
from aecli.datasets.table_blocks import BLOCK, Gathered, Stored
from aecli.datasets.table_part import Part, Roles
from aecli.datasets.table_texts import Coded
from aecli.errors import BadRequest, CannotWrite
from aecli.files import replacing

FOLDER = "tables"
MOST = 64 * 2**30  # bytes in all; what was used longest ago goes
WINDOW = 2**25  # bytes of a file whose pages are held at a time
FORMAT = 1
BESIDE = {"label": np.int32, "ends": np.int64, "letters": np.uint8}


def part(stored: Stored, roles: Roles, size: int) -> Part:
    """All rows of a table, `size` bytes at most, which stay in the cache.

    Raises BadRequest for what is no table, CannotWrite where it cannot be kept.
    """
    folder = own_folder(FOLDER)
    if folder is None:
        raise CannotWrite("the folder of the cache cannot be made, or others may write into it")
    about = _about(stored.path)
    path = folder / f"{_key(stored, roles)}.table"
    if (found := _read(path, stored, roles)) is not None:
        return found
    with kept.turn_of(path, "another process converts this table"):
        if (found := _read(path, stored, roles)) is not None:
            return found
        kept.make_room(path, size, MOST)
        with replacing(path) as temporary:
            _write(temporary, folder, stored, roles)
            if _about(stored.path) != about:
                raise BadRequest(f"{stored.path} was changed while it was read: try again")
    if (found := _read(path, stored, roles)) is None:
        raise CannotWrite(f"{path} is not what was written")
    return found


def _about(path: pathlib.Path) -> tuple[int, ...]:
    about = path.stat()
    return about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns


def _key(stored: Stored, roles: Roles) -> str:
    import pyarrow

    columns = [roles.features, roles.categories, roles.label, roles.id]
    digest = hashlib.sha256(
        json.dumps([FORMAT, pyarrow.__version__, columns, stored.key()]).encode()
    )
    digest.update(kept.content(stored.path))
    return digest.hexdigest()


class _OnDisk:
    """A sink: the rows into a file, what is beside them into files without a name until the end."""

    def __init__(self, stream: Any, width: int, folder: pathlib.Path):
        self._stream, self._width, self._folder = stream, width, folder
        self._room = np.empty((0, width), np.float32)
        self._beside: dict[str, Any] = {}

    def block(self, rows: int) -> np.ndarray:
        if rows > len(self._room):
            self._room = np.empty((rows, self._width), np.float32)
        return self._room[:rows]

    def took(self, rows: int) -> None:
        self._stream.write(self._room[:rows].data)

    def add(self, name: str, values: np.ndarray) -> None:
        if name not in self._beside:
            self._beside[name] = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115
        self._beside[name].write(np.ascontiguousarray(values, BESIDE[name]).data)

    def changed(self, change: Callable) -> None:
        size, step = self._stream.tell(), 4 * self._width * max(1, BLOCK // self._width)
        for start in range(0, size, step):
            self._stream.seek(start)
            block = np.frombuffer(bytearray(self._stream.read(step)), np.float32)
            block = block.reshape(-1, self._width)
            change(block)
            self._stream.seek(start)
            self._stream.write(block.data)

    def close(self) -> None:
        """Put what is beside the rows after them."""
        self._stream.seek(0, os.SEEK_END)
        for name in BESIDE:
            if name in self._beside:
                with self._beside.pop(name) as held:
                    self._stream.write(bytes(-self._stream.tell() % 8))
                    held.seek(0)
                    shutil.copyfileobj(held, self._stream, 2**20)


def _write(path: pathlib.Path, folder: pathlib.Path, stored: Stored, roles: Roles) -> None:
    with path.open("w+b") as stream:
        path.chmod(0o600)
        sink = _OnDisk(stream, len(roles.features), folder)
        found = Gathered(stored, roles, sink)
        if not found.rows:
            raise BadRequest(f"{stored.path} has no rows of data")
        sink.close()
        kept.close(
            stream,
            {"rows": found.rows, "categories": found.categories, "labels": found.labels},
        )


def _read(path: pathlib.Path, stored: Stored, roles: Roles) -> Part | None:
    """None where there is none, or one that is damaged: that is then written anew."""
    known = kept.mapped(path)
    return None if known is None else _found(known, stored, roles)


def _found(known: kept.Kept, stored: Stored, roles: Roles) -> Part | None:
    about, width, name = known.about, len(roles.features), str(stored.path)
    try:
        count = int(about["rows"])
        categories = {key: tuple(map(str, about["categories"][key])) for key in roles.categories}
        labels = np.array([*map(str, about["labels"])])
        sizes = {"x": 4 * width * count}
        sizes |= {"label": 4 * count} if roles.label is not None else {}
        sizes |= {"ends": 8 * (count + 1)} if roles.id is not None else {}
        held, start = {}, 0
        for key, size in sizes.items():
            start += -start % 8
            held[key] = known.data[start : start + size]
            start += size
        x = held["x"].view(np.float32).reshape(count, width)
        label, named = None, None
        if roles.label is not None:
            at = held["label"].view(np.int32)
            if not 0 <= at.min() <= at.max() < len(labels):
                return None
            label = Coded(labels, at)
        if roles.id is not None:
            named = ids.Texts(known.data[start:], held["ends"].view(np.int64))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return Part(name, _rows(x, known.pages, name), categories, label, named)


def _rows(x: np.ndarray, pages: mmap.mmap, name: str) -> Rows:
    """x [N, D] of mapped pages, which are let go as soon as they were read."""
    window = max(1, WINDOW // (4 * x.shape[1]))

    def read(at: np.ndarray) -> np.ndarray:
        order = None if (np.diff(at) > 0).all() else np.argsort(at)
        places = at if order is None else at[order]
        is_once = order is None or (np.diff(places) > 0).all()
        found = np.empty((len(at), x.shape[1]), np.float32)
        if not len(at):
            return found
        first, last = int(places[0]) // window, int(places[-1]) // window
        ends = np.searchsorted(places, np.arange(first, last + 2) * window)
        for start, stop in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
            if start == stop:
                continue
            low, high = int(places[start]), int(places[stop - 1]) + 1
            is_whole = is_once and high - low == stop - start
            of_file = x[low:high] if is_whole else x[places[start:stop]]
            found[slice(start, stop) if order is None else order[start:stop]] = of_file
            del of_file
            if hasattr(mmap, "MADV_DONTNEED"):  # else the table counts as this process's memory
                pages.madvise(mmap.MADV_DONTNEED)
        return found

    return Rows(read, x.shape, np.float32, name=name)
