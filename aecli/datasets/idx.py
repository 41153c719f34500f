"""Images of your own in IDX, MNIST's format (EMNIST, KMNIST, QMNIST ... use it), plain or .gz."""

import dataclasses
import pathlib
from typing import Annotated

from pydantic import Field

from aecli.datasets import channels
from aecli.datasets.arrays import Place, shaped
from aecli.datasets.base import Dataset, Scale, Source, Split, TestSize
from aecli.datasets.idx_file import idx_rows, read_idx
from aecli.datasets.labels import labels
from aecli.datasets.learnt import Learnt
from aecli.datasets.source_file import needed_file
from aecli.errors import BadRequest

OPTION = "idx"
File = Annotated[str | None, Field(description="an IDX file, plain or .gz")]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Idx(Dataset):
    """Images [N, H, W] (or [N, H, W, C], [N, D]) and labels [N], each in a file of its own.

    test_size applies where no test_path is given.
    """

    path: File = None
    labels_path: File = None
    test_path: File = None
    test_labels_path: File = None
    channels: Annotated[
        Place, Field(description="the axis of the channels: auto, first [N, C, H, W] or last")
    ] = "auto"
    test_size: TestSize = 0.2
    scale: Scale = "auto"

    def read(self) -> Source:
        if self.test_labels_path is not None and self.test_path is None:
            raise BadRequest("dataset.test_labels_path needs dataset.test_path=FILE beside it")
        files = [self._file(key) for key in ("path", "test_path")]
        files = [file for file in files if file is not None]
        found = shaped([(str(file), idx_rows(file)) for file in files], channels=self.channels)
        label_files = [self._file(key) for key in ("labels_path", "test_labels_path")]
        named = [(str(file), read_idx(file)) for file in label_files if file is not None]
        counts = [len(x) for x, file in zip(found, label_files, strict=False) if file is not None]
        numbered, _ = labels(named, counts)
        parts = [
            Split(x, None if file is None else numbered.pop(0))
            for x, file in zip(found, label_files, strict=False)
        ]
        test, reader = parts[1] if len(parts) > 1 else None, channels.stored(OPTION, self.channels)
        return Source(parts[0], test, str(files[0]), reader=reader)

    def like(self, learnt: Learnt) -> "Idx":
        if self.channels != "auto":
            return self
        found = idx_rows(needed_file(self.path, "path", OPTION)).shape[1:]
        return dataclasses.replace(self, channels=channels.as_trained(found, learnt, OPTION))

    def _file(self, key: str) -> pathlib.Path | None:
        """The file of this field; only path must be given."""
        stated = getattr(self, key)
        return needed_file(stated, key, "idx") if stated is not None or key == "path" else None
