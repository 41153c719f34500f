"""Scikit-learn's handwritten digits: 1,797 images of 8x8, part of that package; no network."""

import dataclasses
from typing import Any

import numpy as np

from aecli.datasets.base import Dataset, Source, Split, TestSize


@dataclasses.dataclass(frozen=True, kw_only=True)
class Digits(Dataset):
    """Values 0..16 of the source become float32 x / 16 in [0, 1], exactly; labels 0..9.

    The test set of the UCI "Optical Recognition of Handwritten Digits" data, Alpaydin and
    Kaynak (1998).
    """

    test_size: TestSize = 0.2

    def read(self) -> Source:
        from sklearn.datasets import load_digits  # a second to import: only when asked for

        found: Any = load_digits()
        x = (found.images / 16).astype(np.float32)[..., np.newaxis]
        labels = found.target.astype(np.int64)
        return Source(Split(x, labels), None, "scikit-learn's digits")
