"""MNIST and the sets in its form: where they are looked for, and how they are known by content."""

import dataclasses
import pathlib
import urllib.parse
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from aecli.cache import cache_folder
from aecli.datasets.base import Dataset, Source, Split, ValidationSize
from aecli.datasets.download import DownloadFailed, download
from aecli.datasets.idx_file import idx_md5, read_idx
from aecli.datasets.mnist_copies import FILES, copy_in, places
from aecli.datasets.numpy_file import npz_headers, read_npz
from aecli.datasets.source_file import existing_file, stated_path
from aecli.errors import BadRequest

KEYS = ("x_train", "y_train", "x_test", "y_test")
MAX_BYTES = 64 * 2**20  # of one downloaded file, which has 26 MB, or unpacked 47


@dataclasses.dataclass(frozen=True, kw_only=True)
class MnistFamily(Dataset):
    """60,000 training and 10,000 test images, 28x28 uint8, labels 0..9.

    Looked for in `path`, $AECLI_DATA_DIR, Keras's cache and aecli's own cache; then downloaded.
    A copy is accepted if the MD5 of each of its four arrays, written as IDX, is the original's.
    """

    option: ClassVar[str]  # the name on the command line
    title: ClassVar[str]
    npz_names: ClassVar[tuple[str, ...]]
    folders: ClassVar[tuple[str, ...]]  # sub-folders to look into
    md5: ClassVar[tuple[str, str, str, str]]  # of the uncompressed FILES
    mirrors: ClassVar[tuple[str, ...]]  # each has FILES with .gz
    label_names: ClassVar[tuple[str, ...] | None] = None

    path: Annotated[
        str | None, Field(description="an .npz, or a folder with it or with the four IDX files")
    ] = None
    validation_size: ValidationSize = 5000

    def found_at(self) -> str | None:
        folders = [stated_path(self.path, "dataset.path")] if self.path else []
        for folder in folders or [folder for _, folder, _ in places()]:
            if copy := copy_in(folder, self.npz_names, self.folders):
                return str(copy[0] if len(copy) == 1 else copy[0].parent)
        return None

    def read(self) -> Source:
        if self.path is not None:
            return self._verified(self._stated_copy(self.path))
        looked = []
        for place, folder, is_stated in places():
            copy = copy_in(folder, self.npz_names, self.folders)
            if copy is None:
                looked.append(place)
                continue
            try:
                return self._verified(copy)
            except BadRequest as error:
                if is_stated:
                    raise
                looked.append(f"{place} (damaged: {error})")
        return self._verified(self._downloaded(looked))

    def _stated_copy(self, stated: str) -> list[pathlib.Path]:
        path = stated_path(stated, "dataset.path")
        if not path.is_dir():
            return [existing_file(stated, "dataset.path")]
        copy = copy_in(path, self.npz_names, self.folders)
        if copy is None:
            raise BadRequest(
                f"dataset.path: {path} has neither {self.npz_names[0]} nor the four IDX files "
                f"({FILES[0]} ..., plain or .gz)"
            )
        return copy

    def _verified(self, copy: list[pathlib.Path]) -> Source:
        if len(copy) == 1:
            missing = [key for key in KEYS if key not in npz_headers(copy[0])]
            if missing:
                raise BadRequest(
                    f"{copy[0]} has no array {missing[0]}; {self.title} has {', '.join(KEYS)}"
                )
            arrays = list(read_npz(copy[0], list(KEYS)).values())
            names = [f"{copy[0]}: {key}" for key in KEYS]
        else:
            arrays = [read_idx(existing_file(str(file), "dataset.path")) for file in copy]
            names = [str(file) for file in copy]
        for i, (name, array) in enumerate(zip(names, arrays, strict=True)):
            arrays[i] = self._checked(name, array, i)
        x_train, y_train, x_test, y_test = arrays
        return Source(
            Split(x_train[..., np.newaxis], y_train.astype(np.int64)),
            Split(x_test[..., np.newaxis], y_test.astype(np.int64)),
            f"{copy[0] if len(copy) == 1 else copy[0].parent}, content verified",
            self.label_names,
        )

    def _checked(self, name: str, array: np.ndarray, i: int) -> np.ndarray:
        """The array as uint8; raises BadRequest if it is not the i-th of the original."""
        if array.dtype.kind in "iu":
            array = array.astype(np.uint8, copy=False)
            if idx_md5(array) == self.md5[i]:
                return array
        raise BadRequest(
            f"{name} {array.shape} is not {self.title}'s (MD5 of its content differs): fetch it "
            "again, or read other data by dataset=npz or dataset=idx"
        )

    def _downloaded(self, looked: list[str]) -> list[pathlib.Path]:
        """The four files from the first mirror that has them all; raises BadRequest."""
        folder = cache_folder() / self.folders[0]
        for mirror in self.mirrors:
            try:
                for i, name in enumerate(FILES):
                    target = folder / f"{name}.gz"
                    download(
                        f"{mirror}/{name}.gz",
                        target,
                        MAX_BYTES,
                        lambda part, i=i: self._checked(str(part), read_idx(part, MAX_BYTES), i),
                    )
                return [folder / f"{name}.gz" for name in FILES]
            except DownloadFailed as error:
                looked.append(f"{urllib.parse.urlsplit(mirror).netloc} ({error})")
        raise BadRequest(
            f"dataset '{self.option}' is not on this machine and could not be downloaded; tried "
            f"{', '.join(looked)}\n"
            f"put {self.npz_names[0]} into $AECLI_DATA_DIR, or pass dataset.path=FILE, "
            "or use an embedded one: dataset=digits"
        )
