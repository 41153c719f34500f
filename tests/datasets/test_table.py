"""Tables in CSV: what is told from the file, what a column is, and what is refused."""

import gzip

import numpy as np
import pytest
from refusals import WHOLE, refusal, write
from sklearn.preprocessing import StandardScaler

from aecli.datasets.table import Table

ROWS = "a,b,label\n1,2.5,x\n2,-3,y\n4,300,x\n"


def load(folder, data, **options):
    return Table(path=write(folder, "a.csv", data), **WHOLE, **options).load()


def raw(folder, data, **options):
    """[N, D] as in the file, in its order."""
    part = Table(path=write(folder, "a.csv", data), **options).read().train
    return part.x[:, 0, :, 0]


def test_one_example_a_row_and_no_square(tmp_path):
    splits = load(tmp_path, "a,b,c,d\n1,2,3,4\n5,6,7,8\n")
    assert splits.spec.kind == "table"
    assert splits.spec.names == ("a", "b", "c", "d")
    assert splits.train.x.shape == (2, 1, 4, 1)


def test_whole_numbers_are_taken_as_they_are(tmp_path):
    assert raw(tmp_path, "a,b\n0,255\n1,7\n").tolist() == [[0, 255], [1, 7]]
    assert load(tmp_path, "a,b\n0,255\n1,7\n", scale="none").train.x.max() == 255


def test_the_label_is_no_feature(tmp_path):
    splits = load(tmp_path, ROWS)
    assert splits.label_names == ("x", "y")
    assert splits.spec.names == ("a", "b")
    assert raw(tmp_path, ROWS).tolist() == [[1, 2.5], [2, -3], [4, 300]]


def test_the_id_is_no_feature(tmp_path):
    text = "who,a\nr1,1\nr2,2\n"
    splits = load(tmp_path, text, id_column="who")
    assert splits.spec.names == ("a",)
    assert dict(zip(splits.train.ids, splits.train.x.ravel(), strict=True)) == {"r1": -1, "r2": 1}


def test_without_an_id_a_row_is_known_by_its_number_from_1(tmp_path):
    splits = load(tmp_path, "a\n10\n20\n30\n", scale="none")
    assert (splits.train.x.ravel() == 10 * splits.train.ids).all()
    assert len(splits.train.ids) == 3


def test_scaled_as_scikit_learn_does_and_a_constant_column_is_no_trap(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal([5, -100, 0.01], [1, 30, 0.001], (50, 3)).astype("float32")
    x = np.concatenate([x, np.full((50, 1), 7, "float32")], axis=1)
    text = "a,b,c,d\n" + "\n".join(",".join(map(str, row)) for row in x.tolist())
    splits = load(tmp_path, text)
    found = splits.train.x[:, 0, :, 0]
    expected = StandardScaler().fit_transform(x.astype("float64"))
    np.testing.assert_allclose(np.sort(found, axis=0), np.sort(expected, axis=0), atol=1e-4)
    assert (found[:, 3] == 0).all()
    assert (splits.learnt.unscaled(splits.train.x)[:, 0, 3, 0] == 7).all()


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a;b\n1,5;2\n3;4\n", "';'"),
        ("a\tb\n1.5\t2\n3\t4\n", "tab"),
        ("a|b\n1.5|2\n3|4\n", "'|'"),
        ("1.5,2\n3,4\n", "','"),
    ],
)
def test_delimiter_decimal_and_header_are_told_and_stated(text, delimiter, tmp_path):
    assert raw(tmp_path, text).tolist() == [[1.5, 2], [3, 4]]
    assert f"delimiter {delimiter}" in load(tmp_path, text).source
    assert raw(tmp_path, gzip.compress(text.encode())).tolist() == [[1.5, 2], [3, 4]]


def test_fractions_after_the_first_block_are_no_surprise(tmp_path):
    text = "a,b\n" + "1,2\n" * 400_000 + "0.5,2\n"
    x = raw(tmp_path, text)
    assert x.shape == (400_001, 2)
    assert x[-1].tolist() == [0.5, 2]


def test_columns_of_the_test_file_are_put_into_order(tmp_path):
    other = write(tmp_path, "b.csv", "b,a\n20,10\n40,30\n")
    source = Table(path=write(tmp_path, "a.csv", "a,b\n1,2\n3,4\n"), test_path=other).read()
    assert source.test.x[:, 0, :, 0].tolist() == [[10, 20], [30, 40]]


def test_a_text_column_is_offered_as_the_label(tmp_path):
    splits = load(tmp_path, "a,kind\n1,good\n2,bad\n3,good\n")
    assert "dataset.label_column=kind" in splits.notes[0]
    many = "a,kind\n" + "".join(f"{i},text {i}\n" for i in range(21))
    text = refusal(Table, path=write(tmp_path, "b.csv", many))
    assert "column 'kind' holds 21 different texts (text 0, " in text
    assert "dataset=text" not in text
    assert "dataset.label_column=kind, dataset.categories=[kind]" in text
    many = "a,said\n" + "".join(f"{i},it is number {i}\n" for i in range(21))
    text = refusal(Table, path=write(tmp_path, "c.csv", many))
    assert "train on its sentences: dataset=text dataset.column=said" in text


def test_a_misspelt_column_gets_its_neighbour(tmp_path):
    text = refusal(Table, path=write(tmp_path, "a.csv", ROWS), label_column="lable")
    assert "did you mean 'label'?" in text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("a,b\n1,2\n3,\n", "row 2 of the data, column 'b'"),
        ("a,b\n1,2\nnan,3\n", "row 2 of the data, column 'a'"),
        ("a,b\n1,2\n1e300,3\n", "column 'a'"),
        ("a,b\n1,2\n3,4,5\n", "correct this row"),
        ("a,b\n1,2\n3,x\n", "invalid value 'x'"),
        ("a,a\n1,2\n3,4\n", "two columns have the name 'a'"),
        ("a,b\n", "no rows of data"),
        ("label\n1\n2\n", "no column beside"),
        (gzip.compress(ROWS.encode() * 500)[:-20], "truncated or damaged"),
        ("a,b\n1,2\n\xff,3\n".encode("latin-1"), "a.csv"),
    ],
)
def test_bad_files_are_refused_with_their_place(data, said, tmp_path):
    assert said in refusal(Table, path=write(tmp_path, "a.csv", data))


def test_the_label_of_another_file_may_be_called_label_if_that_is_no_feature(tmp_path):
    rows = "1,2,x\n3,4,y\n5,6,x\n"
    trained = load(tmp_path, "a,b,kind\n" + rows, label_column="kind").learnt
    same = Table(path=write(tmp_path, "b.csv", "a,b,label\n" + rows)).like(trained)
    assert same.read().train.labels.tolist() == [0, 1, 0]
    trained = load(tmp_path, "a,label,kind\n" + rows, label_column="kind").learnt
    other = Table(path=write(tmp_path, "b.csv", "a,label\n1,2\n3,4\n")).like(trained).read()
    assert list(other.columns) == ["a", "label"]
    assert other.train.labels is None
