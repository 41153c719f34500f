"""Labels: whole numbers or texts, one an image."""

import zipfile

import numpy as np
import pytest
from fuzz_files import IDX, X, Y, idx, npy, packed
from refusals import WHOLE, refusal, write

from aecli.datasets.idx import Idx
from aecli.datasets.npz import Npz
from aecli.errors import BadRequest

STORED = zipfile.ZIP_STORED


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([0, 1, 2, np.inf, 4, np.nan], r"2 in all, the first at \[3\]: inf"),
        ([0, 1.5, 2, 3, 4, 5], r"1 in all, the first at \[1\]: 1\.5"),
        ([0, 1e300, 2, 3, 4, 5], r"the first at \[1\]: 1e\+300"),
        (np.array([0, 1, 2**63, 3, 4, 5], np.uint64), r"the first at \[2\]: 9223372036854775808"),
        (np.array([-(2**63), 1, 2, 3, 4, 5]), r"the first at \[0\]: -9223372036854775808"),
        (np.array([1j] * 6), "is complex128; labels are"),
    ],
)
def test_labels_that_are_no_whole_numbers(column, message, tmp_path):
    path = write(tmp_path, "a.npz", packed({"x": npy(X), "y": npy(np.array(column))}, STORED))
    with pytest.raises(BadRequest, match=rf"a\.npz: y .*{message}"):
        Npz(path=path, **WHOLE).load()


@pytest.mark.parametrize("point", [0x110000, 0xD800])
def test_labels_that_are_no_text(point, tmp_path):
    column = np.array([97, 98, 99, 100, 101, point], "<u4").view("<U1")
    path = write(tmp_path, "a.npz", packed({"x": npy(X), "y": npy(column)}, STORED))
    assert "a.npz: y has 1 labels that are not Unicode text, the first at [5]" in refusal(
        Npz, path=path
    )


def test_labels_of_another_length_are_named(tmp_path):
    images = write(tmp_path, "images", IDX[0])
    column = write(tmp_path, "column", idx(Y[:5], 8))
    text = refusal(Idx, path=images, labels_path=column)
    assert f"{column} has 5 labels for 6 images" in text
