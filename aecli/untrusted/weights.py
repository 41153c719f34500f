"""best.keras of a run folder: numbers for a model that is built already, and nothing else.

The file is a zip of three members. Keras itself never sees it: names and shapes are those of the
built model, written by Keras into memory of our own, into which the stranger's numbers are copied.
"""

import contextlib
import io
import json
import os
import pathlib
import struct
import zipfile
from collections.abc import Iterator
from typing import Any

import h5py
import keras
import numpy as np

from aecli import limits
from aecli.errors import BadRequest
from aecli.untrusted import keras_file
from aecli.untrusted.keras_file import CONFIG, METADATA, WEIGHTS

MAX_CONFIG_BYTES = 2**24  # ours have 2 kB, and the scale of each number of an image
HEAD_BYTES = 2**20  # names and attributes beside the numbers
COPIES = 8  # of the weights in one file: the moments of an optimizer, their averages
END = struct.Struct("<4s4H2LH")  # the last bytes of a zip without a comment
FAR_END = struct.Struct("<4sQ2H2L4Q")  # of one beyond 4 GiB: this before a locator, before END
LOCATOR = struct.Struct("<4sLQL")
LIST_BYTES = 2**16  # of the list of three members
DAMAGE = (  # what zipfile, json and h5py raise for structures that are off
    OSError, EOFError, ValueError, KeyError, TypeError, RuntimeError, OverflowError, MemoryError,
    zipfile.BadZipFile, struct.error,
)  # fmt: skip
STORED_AS_IS = (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT)


class WeightsFile:
    """Raises BadRequest, in one line that names the file, for whatever is not as Keras writes it.

    The weights are read once the model has said how many bytes it can need.
    """

    def __init__(self, path: pathlib.Path):
        self.path = path
        try:
            if not path.is_file():
                raise BadRequest(f"{path} is missing: no epoch of this run was finished")
            with open(path, "rb") as file:
                self._identity = _identity(file)
                self._config, self._size = self._members(file)
        except BadRequest:
            raise
        except DAMAGE:
            raise self._damaged("it is truncated, or no .keras file") from None

    @contextlib.contextmanager
    def limiting(self) -> Iterator[None]:
        """A model built inside has no more weights than the file can hold, at two bytes each."""
        try:
            with limits.at_most(self._size // 2):
                yield
        except limits.TooLarge:
            raise self._damaged("it has fewer weights than .hydra/config.yaml asks for") from None

    def give_to(self, model: keras.Model) -> None:
        """Give the model the stored weights, all of them, if the file is of the same model."""
        self._compare_configs(model)
        most = COPIES * sum(np.asarray(variable).nbytes for variable in model.variables)
        if self._size > most + HEAD_BYTES:
            raise self._damaged(f"its weights take {self._size:,} bytes, too many")
        self._h5 = self._opened()
        own = keras_file.weights_of(model)
        with h5py.File(own, "r+") as target:
            for name in _dataset_names(target):
                one: Any = target[name]  # a data set, by its name
                one[...] = self._checked(name, one)
        model.load_weights(own)

    def _opened(self) -> h5py.File:
        try:
            with open(self.path, "rb") as file, zipfile.ZipFile(file) as archive:
                if _identity(file) != self._identity:
                    raise self._damaged("it was changed while it was read")
                return h5py.File(io.BytesIO(archive.read(WEIGHTS)), "r")
        except BadRequest:
            raise
        except DAMAGE:
            raise self._damaged("it is truncated, or no .keras file") from None

    def _members(self, file) -> tuple[dict, int]:
        """The config, and how many bytes the weights have."""
        size = _refuse_many_members(file)
        with zipfile.ZipFile(file) as archive:
            members = {member.filename: member for member in archive.infolist()}
            names = sorted(member.filename for member in archive.infolist())
            if names != sorted((CONFIG, METADATA, WEIGHTS)):
                raise self._damaged(f"it must hold {CONFIG}, {METADATA} and {WEIGHTS} alone")
            if any(m.compress_type != zipfile.ZIP_STORED for m in members.values()):
                raise self._damaged("its members are compressed, as Keras never writes them")
            if any(max(m.compress_size, m.file_size) > size for m in members.values()):
                raise self._damaged("a member is larger than the file")
            if members[CONFIG].file_size > MAX_CONFIG_BYTES:
                raise self._damaged(f"its {CONFIG} has {members[CONFIG].file_size:,} bytes")
            return json.loads(archive.read(CONFIG)), members[WEIGHTS].file_size

    def _compare_configs(self, model: keras.Model) -> None:
        """The same shapes do not make the same model: activations, likelihood and weights count."""
        built = json.loads(json.dumps(keras.saving.serialize_keras_object(model)))
        stored = self._config if isinstance(self._config, dict) else {}
        for key in ("registered_name", "config"):
            if difference := _difference(stored.get(key), built[key], key):
                raise self._damaged(f"{difference[:100]} is another than in .hydra/config.yaml")

    def _checked(self, name: str, expected: h5py.Dataset) -> np.ndarray:
        try:
            return self._values(name, expected)
        except BadRequest:
            raise
        except DAMAGE:
            raise self._damaged(f"{name} cannot be read") from None

    def _values(self, name: str, expected: h5py.Dataset) -> np.ndarray:
        """The stored numbers under a name of ours, of the same shape and type, finite."""
        place: Any = self._h5
        for part in name.split("/"):
            link = place.get(part, getlink=True) if isinstance(place, h5py.Group) else None
            if not isinstance(link, h5py.HardLink):
                raise self._damaged(f"it has no {name}")
            place = place[part]
        if not isinstance(place, h5py.Dataset) or place.shape != expected.shape:
            raise self._damaged(f"{name} is not of shape {expected.shape}")
        layout = place.id.get_create_plist()
        as_is = layout.get_layout() in STORED_AS_IS and not layout.get_external_count()
        if place.dtype != expected.dtype or not as_is:
            raise self._damaged(f"{name} is not stored as plain {expected.dtype}")
        values = place[...]
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise self._damaged(f"{name} has values that are not finite")
        return values

    def _damaged(self, why: str) -> BadRequest:
        return BadRequest(f"{self.path} is damaged or of another model: {why}")


def _refuse_many_members(file) -> int:
    """The file's size. A list of millions would be read whole before it could be looked at."""
    start = file.seek(-END.size, io.SEEK_END)
    magic, *_, members, length, _, _ = END.unpack(file.read(END.size))
    if magic != b"PK\5\6" or members != 3:
        raise zipfile.BadZipFile
    far = LOCATOR.size + FAR_END.size
    if start > far:
        file.seek(start - far)
        end, locator = FAR_END.unpack(file.read(FAR_END.size)), file.read(4)
        if locator == b"PK\6\7":  # what it says counts
            magic, *_, members, length, _ = end
            if magic != b"PK\6\6" or members != 3:
                raise zipfile.BadZipFile
    if length > LIST_BYTES:
        raise zipfile.BadZipFile
    return start + END.size


def _identity(file) -> tuple[int, ...]:
    found = os.fstat(file.fileno())
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _dataset_names(file: h5py.File) -> list[str]:
    names: list[str] = []
    file.visit(names.append)
    return [name for name in names if isinstance(file[name], h5py.Dataset)]


def _difference(stored: Any, built: Any, key: str) -> str | None:
    """The first key under which two configs differ; one that the stored lacks came later."""
    if isinstance(stored, dict) and isinstance(built, dict):
        for name, value in stored.items():
            if found := _difference(value, built.get(name), f"{key}.{name}"):
                return found
        return None
    return None if stored == built else key
