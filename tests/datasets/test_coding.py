"""Gaps and categories become numbers as scikit-learn has them, and rows come back."""

import dataclasses

import numpy as np
import pytest
from refusals import WHOLE, refusal, write
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from aecli.datasets import learnt_file
from aecli.datasets.coding import Coding
from aecli.datasets.table import Table
from aecli.errors import BadRequest

SIZES = [0, 3, 0, 2]
NAMES = ["a", "b", "c", "d"]
TABLE = "age,sex,port,label\n22,male,S,x\n38,female,C,y\n,female,S,x\n35,male,,y\n27,male,S,x\n"


def rows(seed=0, gaps=True) -> np.ndarray:
    """[60, 1, 4, 1]: two numbers and two categories, some of three columns missing."""
    rng = np.random.default_rng(seed)
    x = np.stack([rng.normal(5, 3, 60), rng.integers(0, 3, 60), rng.normal(size=60),
                  rng.integers(0, 2, 60)], axis=1).astype("float32")  # fmt: skip
    if gaps:
        x[::7, 0], x[::5, 1], x[3::11, 3] = np.nan, np.nan, np.nan
    return x[:, None, :, None]


def test_filled_and_flagged_as_scikit_learn_does():
    x = rows()
    found = Coding.fitted("a.csv", x, NAMES, SIZES, "indicator").coded(x)[:, 0, :, 0]
    flat = x[:, 0, :, 0].astype("float64")
    numbers = SimpleImputer(strategy="mean").fit_transform(flat[:, [0, 2]])
    values = SimpleImputer(strategy="most_frequent").fit_transform(flat[:, [1, 3]])
    hot = OneHotEncoder(sparse_output=False).fit_transform(values)
    flags = MissingIndicator(features="missing-only").fit_transform(flat).astype(float)
    expected = np.column_stack(
        [
            numbers[:, 0],
            flags[:, 0],
            hot[:, :3],
            flags[:, 1],
            numbers[:, 1],
            hot[:, 3:],
            flags[:, 2],
        ]
    )
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_rows_come_back():
    x = rows(gaps=False)
    coding = Coding.fitted("a.csv", x, NAMES, SIZES, "error")
    assert coding.fills == (None,) * 4
    np.testing.assert_array_equal(coding.undone(coding.coded(x)), x)
    gapped = rows()
    coding = Coding.fitted("a.csv", gapped, NAMES, SIZES, "mean")
    back = coding.undone(coding.coded(gapped))
    is_there = ~np.isnan(gapped)
    np.testing.assert_array_equal(back[is_there], gapped[is_there])
    assert not np.isnan(back).any()


def test_each_number_has_a_name():
    coding = Coding((0, 3, 2), (0.0,) * 3, (True, False, True))
    categories = {"port": ["C", "Q", "S"], "sex": ["f", "m"]}
    found = coding.names(["age", "port", "sex"], categories)
    assert found[:5] == ["age", "age is missing", "port=C", "port=Q", "port=S"]
    assert found[5:] == ["sex=f", "sex=m", "sex is missing"]
    assert len(found) == coding.width


def test_sums_by_column():
    coding = Coding(tuple(SIZES), (0.0,) * 4, (True, False, False, True))
    values = np.arange(1.0, 10.0)[None]
    assert coding.by_column(values).tolist() == [[1 + 2, 3 + 4 + 5, 6, 7 + 8 + 9]]


def test_raw_rows_are_looked_through():
    coding = Coding.fitted("a.csv", rows(gaps=False), NAMES, SIZES, "error")
    for place, value, said in (
        (0, np.nan, "is missing"),
        (1, 3, "is no position"),
        (3, 0.5, "is no pos"),
    ):
        x = rows(gaps=False)
        x[4, 0, place, 0] = value
        with pytest.raises(BadRequest, match=f"row 5, column {place + 1} {said}"):
            coding.check(x, "the array")
    coding.check(rows(gaps=False), "the array")


def load(folder, text=TABLE, **options):
    return Table(path=write(folder, "a.csv", text), **WHOLE, **options).load()


def by_row(splits) -> np.ndarray:
    """[N, M] in the order of the file."""
    return splits.train.x[np.argsort(splits.train.ids), 0, :, 0]


def test_what_is_missing_is_refused_with_place_and_remedy(tmp_path):
    text = refusal(Table, path=write(tmp_path, "a.csv", TABLE))
    assert "2 values are missing" in text
    assert "row 3 of the data, column 'age'" in text
    assert "dataset.missing=drop, mean or indicator" in text


def test_rows_with_gaps_are_dropped_and_counted(tmp_path):
    splits = load(tmp_path, missing="drop")
    assert sorted(splits.train.ids) == [1, 2, 5]
    assert any("2 of 5 rows" in note for note in splits.notes)


def test_scaled_by_the_values_that_are_there(tmp_path):
    found = by_row(load(tmp_path, missing="indicator"))
    known = StandardScaler().fit_transform(np.array([[22], [38], [35], [27]]))[:, 0]
    np.testing.assert_allclose(found[:, 0], [known[0], known[1], 0, *known[2:]], atol=1e-6)
    assert found[:, 1].tolist() == [0, 0, 1, 0, 0]  # age missing
    assert found[:, 2:4].tolist() == [[0, 1], [1, 0], [1, 0], [0, 1], [0, 1]]  # female, male
    assert found[:, 4:].tolist() == [[0, 1, 0], [1, 0, 0], [0, 1, 0], [0, 1, 1], [0, 1, 0]]


def test_types_and_ranges_are_told(tmp_path):
    splits = load(tmp_path, missing="mean")
    assert splits.notes[-1] == (
        "1 number, 2 categories: age 22 to 38 (whole) (1 missing); sex: female, male; "
        "port: C, S (1 missing)"
    )


def test_what_was_learnt_survives_its_file(tmp_path):
    learnt = load(tmp_path, missing="indicator").learnt
    learnt_file.write(tmp_path / "data.json", learnt)
    again = learnt_file.read(tmp_path / "data.json", learnt.shape)
    assert again.coding == learnt.coding
    assert again.categories == {"sex": ("female", "male"), "port": ("C", "S")}
    assert again.columns == {"age": "integer", "sex": "category", "port": "category"}
    np.testing.assert_array_equal(again.scaling.offset, learnt.scaling.offset)


@pytest.mark.parametrize(
    "change",
    [
        {"sizes": [0, 2, 3]}, {"sizes": [0, 2]}, {"fills": [0, 0, None, 1]}, {"flags": [1, 0, 0]},
        {"sizes": [0, 2, 2], "flags": [True, True, True]}, {"sizes": [0, -2, 2]},
        {"sizes": [1000] * 60_000, "fills": [0] * 60_000, "flags": [False] * 60_000},
    ],
)  # fmt: skip
def test_a_damaged_coding_is_refused(change, tmp_path):
    plain = learnt_file.plain(load(tmp_path, missing="indicator").learnt)
    plain["coding"] |= change
    with pytest.raises(BadRequest, match=r"data\.json"):
        learnt_file.from_plain(plain, "data.json")


def test_another_file_is_read_as_the_training_s(tmp_path):
    trained = load(tmp_path, missing="mean").learnt
    other = write(tmp_path, "b.csv", "port,age,sex\nC,,male\nS,50,female\n")
    splits = Table(path=other, **WHOLE).load(trained)
    offset, divisor = trained.scaling.offset.ravel()[0], trained.scaling.divisor.ravel()[0]
    expected = [[0, 0, 1, 1, 0], [(50 - offset) / divisor, 1, 0, 0, 1]]
    np.testing.assert_allclose(by_row(splits), expected, atol=1e-6)


def test_an_unknown_value_is_named_with_row_and_column(tmp_path):
    trained = load(tmp_path, missing="drop").learnt
    other = write(tmp_path, "b.csv", "port,age,sex\nC,,male\nS,50,female\nQ,50,female\n")
    text = refusal_of(lambda: Table(path=other, **WHOLE).load(trained))
    assert "row 3 of the data, column 'port' has 'Q', which the training had not" in text
    assert "it had C, S" in text


def test_the_test_part_has_the_categories_of_the_training_part(tmp_path):
    test = write(tmp_path, "b.csv", "port,age,label,sex\nS,50,x,female\n")
    learnt = Table(path=write(tmp_path, "a.csv", TABLE), test_path=test, missing="mean")
    assert learnt.read().test.x[0, 0, :, 0].tolist() == [50, 0, 1]
    write(tmp_path, "b.csv", "port,age,label,sex\nS,50,x,other\n")
    text = refusal_of(learnt.read)
    assert "column 'sex' has 'other'" in text


def test_columns_of_numbers_may_be_categories(tmp_path):
    splits = load(tmp_path, "zip,a\n10,1\n9,2\n10,3\n", categories=["zip"])
    assert splits.learnt.categories == {"zip": ("10", "9")}
    assert splits.train.x.shape[2] == 3
    text = refusal(Table, path=write(tmp_path, "a.csv", TABLE), categories=["sexx"])
    assert "dataset.categories=sexx" in text
    assert "did you mean 'sex'?" in text


def test_a_text_among_numbers_is_named(tmp_path):
    text = refusal(Table, path=write(tmp_path, "a.csv", TABLE), categories=None)
    assert "column 'sex': say what it is" in text


def test_a_column_without_any_value_is_refused(tmp_path):
    text = refusal_of(lambda: load(tmp_path, "a,b\n1,\n2,\n3,\n", missing="mean"))
    assert "column 'b' has no value in the training part" in text


def refusal_of(action) -> str:
    with pytest.raises(BadRequest) as caught:
        action()
    return str(caught.value)


def test_rows_alone_may_be_asked_of_what_was_learnt(tmp_path):
    learnt = load(tmp_path, missing="mean").learnt
    bare = dataclasses.replace(learnt, columns=None, categories={})
    again = learnt_file.from_plain(learnt_file.plain(bare), "the model's file")
    assert again.coding == learnt.coding


def test_a_value_that_comes_late_and_in_another_block_is_a_category(tmp_path):
    text = "a,b\n" + "x,1\n" * 400_000 + "w,2\n" + "x,1\n" * 200_000
    source = Table(path=write(tmp_path, "a.csv", text)).read()
    assert source.categories == {"a": ("w", "x")}
    column = source.train.x[:, 0, 0, 0]
    assert column[400_000] == 0
    assert column.sum() == 600_000
