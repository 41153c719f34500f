"""CSV files that are odd, damaged or made to fill the memory."""

import gzip
import warnings

import numpy as np
import pytest
from refusals import WHOLE, refusal, write

from aecli.datasets import csv_rows
from aecli.datasets.csv import Csv
from aecli.errors import BadRequest


def load(folder, data, **options):
    return Csv(path=write(folder, "a.csv", data), **WHOLE, **options).load()


def refused(folder, data, **options):
    return refusal(Csv, path=write(folder, "a.csv", data), **options)


def test_a_fraction_is_no_integer_and_300_no_byte_in_any_numpy(tmp_path, monkeypatch):
    """Before NumPy 2.4, loadtxt made 0.5 as an integer 0, and 300 as a byte 44, and warned."""
    loadtxt = np.loadtxt

    def old(data, dtype, **options):
        values = loadtxt(data, dtype=np.float64, **options)
        if dtype is not np.float32 and (values != values.astype(dtype)).any():
            try:
                warnings.warn("an integer via a float", DeprecationWarning, stacklevel=1)
            except DeprecationWarning:
                raise ValueError("could not convert") from None
        return values.astype(dtype)

    monkeypatch.setattr(np, "loadtxt", old)
    assert load(tmp_path, "p,q\n0.5,1\n300,2\n").train.x.max() == 300
    assert load(tmp_path, "p,q\n0.5,1\n300,2\n").train.x.min() == 0.5


def test_a_first_row_of_nan_is_bad_data_and_no_header(tmp_path):
    text = refused(tmp_path, "nan,inf\n1,2\n3,4\n")
    assert "a.csv:1:1: 'nan' is not a finite number; 1:2: 'inf' is not" in text


def test_an_open_quote_is_named_by_its_line(tmp_path):
    text = refused(tmp_path, 'p,q\n1,2\n3,"4\n5,6\n')
    assert "a.csv:3: a quote is not closed in its line; remove it, or write it twice" in text
    assert len(load(tmp_path, 'label,q\n"a ""b""",2\n"c,d",4\n').label_names) == 2


def test_a_line_without_an_end_is_not_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_rows, "MAX_LINE", 1000)
    text = refused(tmp_path, gzip.compress(b"p,q\n1,2\n" + b"0," * 10**6))
    assert "a.csv:3: a line of more than 1,000 characters; write one image a line" in text
    assert len(load(tmp_path, "1," * 498 + "1\n" + "2," * 498 + "2\n").train) == 2


def test_what_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    data = b"1,2\n" * 1000
    assert len(load(tmp_path, gzip.compress(data)).train) == 1000
    monkeypatch.setattr(csv_rows, "MAX_BYTES", len(data) - 1)
    for content in (data, gzip.compress(data)):
        assert "a.csv unpacks to more than 0 GiB; store the" in refused(tmp_path, content)


def test_a_long_label_does_not_widen_all_others(tmp_path):
    text = refused(tmp_path, "label,p\na,1\n" + "b" * 257 + ",2\nc,3\n")
    assert "a.csv:3:1: the label has 257 characters, more than 256" in text
    assert len(load(tmp_path, "label,p\na,1\n" + "b" * 256 + ",2\n").train) == 2


@pytest.mark.parametrize("word", ["inf", "-1e999", "nan", "1.5", "1e300"])
def test_labels_that_are_numbers_are_whole_ones(word, tmp_path):
    text = refused(tmp_path, f"label,p\n1,1\n{word},2\n3,3\n")
    assert "a.csv: label is float64 with fractions or NaN" in text
    assert "1 in all, the first at [1]:" in text


def test_other_encodings_are_named_by_their_line(tmp_path):
    text = refused(tmp_path, "label,p\nant,1\nmöwe,2\n".encode("latin-1"))
    assert "is not a text file in UTF-8: invalid" in text
    assert "in line 3; fetch it again, or save it as 'CSV UTF-8'" in text
    assert "in line 1;" in refused(tmp_path, "label,p\nant,1\n".encode("utf-16"))
    cut = gzip.compress(b"p,q\n\xff,1\n" + b"1,2\n" * 9999)[:-12]
    assert "is not a text file in UTF-8" in refused(tmp_path, cut)


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_every_line_break(line_break, tmp_path):
    text = line_break.join(["label,p,q", "1,2,3", "", "4,5,6", ""])
    assert load(tmp_path, text).train.x.size == 4
    bad = line_break.join(["label,p,q", "1,2,3", "4,x,6"])
    assert "a.csv:3:2: 'x' is not" in refused(tmp_path, bad)


def test_cells_and_names_do_not_reach_the_terminal_as_they_are(tmp_path):
    red = "\x1b[31m"
    assert r"a.csv:2:1: '\x1b[31m' is not" in refused(tmp_path, f"p,q\n{red},1\n")
    text = refused(tmp_path, f"{red},{'n' * 500}\n1,2\n", label="y")
    assert r"its columns are \x1b[31m, nnn" in text
    assert "n" * 100 not in text


def test_a_field_without_an_end(tmp_path):
    text = refused(tmp_path, "p,q\n1," + "x" * 200_000 + "\n")
    assert "a.csv:2: this is no CSV: field larger than field limit" in text


@pytest.mark.parametrize("delimiter", ['"', "\n", "\r", "\0", "", ",,"])
def test_what_cannot_separate(delimiter, tmp_path):
    with pytest.raises(BadRequest, match=r"dataset\.delimiter.*one character, no quote"):
        load(tmp_path, "1,2\n", delimiter=delimiter)


def test_a_position_in_a_file_without_rows(tmp_path):
    assert "has no rows of data" in refused(tmp_path, "\n\n", label=0)
