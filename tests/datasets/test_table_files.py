"""Tables in Parquet and NumPy's formats: the same rows as of a CSV, and what is refused."""

import pathlib

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet
from refusals import WHOLE, refusal, write

from aecli.datasets.table import Table

CSV = "age,sex,n,label\n22.5,male,1,x\n,female,2,y\n38,,3,x\n"
COLUMNS = {
    "age": [22.5, None, 38],
    "sex": ["male", "female", None],
    "n": pyarrow.array([1, 2, 3], pyarrow.int16()),
    "label": ["x", "y", "x"],
}


def stored(folder, columns, **options) -> str:
    path = folder / "a.parquet"
    parquet.write_table(pyarrow.table(columns), path, **options)
    return str(path)


@pytest.mark.parametrize("group", [1, 2, 100])
@pytest.mark.parametrize("is_encoded", [False, True])
def test_parquet_has_the_rows_of_the_csv(group, is_encoded, tmp_path):
    columns = dict(COLUMNS)
    if is_encoded:
        columns["sex"] = pyarrow.array(columns["sex"]).dictionary_encode()
    sources = [
        Table(path=path, missing="indicator").read()
        for path in (write(tmp_path, "a.csv", CSV), stored(tmp_path, columns, row_group_size=group))
    ]
    for name in ("x", "labels", "ids"):
        np.testing.assert_array_equal(*(getattr(source.train, name) for source in sources))
    assert sources[0].columns == sources[1].columns
    assert sources[0].categories == sources[1].categories
    assert "Parquet" in sources[1].origin


def test_an_id_and_a_category_of_numbers(tmp_path):
    columns = {"who": [7, 8, 9], "zip": [10, 9, 10], "ok": [True, False, True]}
    source = Table(path=stored(tmp_path, columns), id_column="who", categories=["zip"]).read()
    assert [*source.train.ids] == ["7", "8", "9"]
    assert source.categories == {"zip": ("10", "9")}
    assert source.train.x[:, 0, :, 0].tolist() == [[0, 1], [1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("columns", "options", "said"),
    [
        ({"a": [1.0], "when": pyarrow.array([1], pyarrow.timestamp("s"))}, {}, "'when' is of time"),
        ({"a": [1.0], "b": [[1, 2]]}, {}, "'b' is of list"),
        ({"a": [1.0], "b": ["x"]}, {"categories": None}, "'b' holds texts"),
        ({"a": [1.0, None]}, {}, "row 2 of the data, column 'a'"),
        ({"a": [1.0, float("inf")]}, {}, "infinite in float32, the first in row 2"),
        ({"a": [1.0, 2.0], "label": ["x", None]}, {}, "column 'label' has missing values"),
        ({"a": pyarrow.array([], pyarrow.float32())}, {}, "no rows of data"),
    ],
)
def test_parquet_that_is_refused(columns, options, said, tmp_path):
    assert said in refusal(Table, path=stored(tmp_path, columns), **options)


def test_a_damaged_parquet_is_refused(tmp_path):
    path = pathlib.Path(stored(tmp_path, COLUMNS))
    path.write_bytes(path.read_bytes()[:-30])
    assert "damaged" in refusal(Table, path=str(path))


def test_an_array_of_two_axes(tmp_path):
    x = np.arange(12, dtype="int16").reshape(4, 3)
    np.save(tmp_path / "a.npy", x)
    splits = Table(path=str(tmp_path / "a.npy"), scale="none", **WHOLE).load()
    order = np.argsort(splits.train.ids)
    np.testing.assert_array_equal(splits.train.x[order, 0, :, 0], x)
    assert splits.spec.names == ("f0", "f1", "f2")
    assert splits.train.labels is None


def test_an_npz_with_labels_and_a_test_part(tmp_path):
    x = np.random.default_rng(0).normal(size=(4, 16))
    x[1, 2] = np.nan
    arrays = {
        "x_train": x,
        "y_train": np.array(list("abab")),
        "x_test": x[:2],
        "y_test": ["b", "a"],
    }
    np.savez(tmp_path / "a.npz", **arrays)
    source = Table(path=str(tmp_path / "a.npz"), missing="mean").read()
    np.testing.assert_array_equal(source.train.x[:, 0, :, 0], x.astype("float32"))
    assert source.label_names == ("a", "b")
    assert source.train.labels.tolist() == [0, 1, 0, 1]
    assert source.test.labels.tolist() == [1, 0]
    assert source.test.x.shape == (2, 1, 16, 1)


def test_arrays_that_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((4, 3, 3)))
    text = refusal(Table, path=str(tmp_path / "a.npy"))
    assert "a table has two axes" in text
    np.save(tmp_path / "b.npy", np.array([[1, np.inf]]))
    assert "infinite in float32" in refusal(Table, path=str(tmp_path / "b.npy"))
    np.save(tmp_path / "c.npy", np.array([["x", "y"]]))
    assert "not numbers" in refusal(Table, path=str(tmp_path / "c.npy"))


def test_an_array_is_matched_by_position(tmp_path):
    trained = Table(path=write(tmp_path, "a.csv", "a,b\n1,2\n3,5\n5,9\n"), **WHOLE).load().learnt
    np.save(tmp_path / "b.npy", np.array([[1.0, 2.0], [5.0, 9.0]]))
    splits = Table(path=str(tmp_path / "b.npy"), **WHOLE).load(trained)
    assert "by their position" in splits.notes[0]
    np.save(tmp_path / "c.npy", np.zeros((2, 3)))
    assert "lacks a, b" in refusal_of(tmp_path / "c.npy", trained)


def refusal_of(path, learnt) -> str:
    class Known(Table):
        def load(self):
            return super().load(learnt)

    return refusal(Known, path=str(path))
