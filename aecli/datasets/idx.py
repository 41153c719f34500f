"""Images of your own in IDX, MNIST's format (EMNIST, KMNIST, QMNIST ... use it), plain or .gz."""

import dataclasses
from typing import Annotated

from pydantic import Field

from aecli.datasets.arrays import images, labels
from aecli.datasets.base import Dataset, Source, Split, TestSize
from aecli.datasets.idx_file import read_idx
from aecli.datasets.source_file import existing_file
from aecli.errors import BadRequest

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
    test_size: TestSize = 0.2

    def read(self) -> Source:
        if self.test_labels_path is not None and self.test_path is None:
            raise BadRequest("dataset.test_labels_path needs dataset.test_path=FILE beside it")
        keys = [k for k in ("path", "test_path") if k == "path" or self.test_path is not None]
        files = [existing_file(getattr(self, key), key, "idx") for key in keys]
        found = images({str(file): read_idx(file) for file in files})
        keys = ("labels_path", "test_labels_path")
        stated = [key for key in keys if getattr(self, key) is not None]
        label_files = [existing_file(getattr(self, key), key, "idx") for key in stated]
        counts = [len(part) for key, part in zip(keys, found, strict=False) if key in stated]
        numbered, _ = labels({str(file): read_idx(file) for file in label_files}, counts)
        by_key = dict(zip(stated, numbered, strict=True))
        parts = [Split(x, by_key.get(key)) for key, x in zip(keys, found, strict=False)]
        return Source(parts[0], parts[1] if len(parts) > 1 else None, str(files[0]))
