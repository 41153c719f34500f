"""Scikit-learn's breast cancer table: 569 rows of 30 numbers, part of that package; no network."""

import dataclasses
from typing import Any

import numpy as np

from aecli.datasets import table
from aecli.datasets.base import Dataset, Source, Split, TableScale, TestSize
from aecli.datasets.columns import column_types

LABEL = "target"  # what scikit-learn's own frame of these rows calls it


@dataclasses.dataclass(frozen=True, kw_only=True)
class BreastCancer(Dataset):
    """Measures of cell nuclei by name, in their own units; labels malignant 0 and benign 1.

    Wisconsin Diagnostic Breast Cancer, Street, Wolberg and Mangasarian (1993): 212 malignant and
    357 benign masses. A CSV of such rows is read as by dataset=table, its columns by name; its
    label column is called target or label.
    """

    test_size: TestSize = 0.2
    scale: TableScale = "standard"

    def read(self) -> Source:
        from sklearn.datasets import load_breast_cancer  # a second to import: only when asked for

        found: Any = load_breast_cancer()
        x = found.data.astype(np.float32)
        names = found.feature_names.tolist()
        return Source(
            Split(x[:, None, :, None], found.target.astype(np.int64), ids=np.arange(1, len(x) + 1)),
            None,
            "scikit-learn's breast cancer, 30 columns of numbers",
            tuple(found.target_names.tolist()),
            column_types(names, x),
            {"option": table.OPTION, "label_column": LABEL, "id_column": None},
            kind="table",
        )
