"""dataset=series: what is read, how it is padded, scaled, cut and split."""

import gzip
import os
import pathlib

import numpy as np
import pytest

from aecli.datasets import learnt_file, series_arrays, windows
from aecli.datasets.series import Series
from aecli.datasets.windows import Windows
from aecli.errors import BadRequest
from aecli.io import readers

RNG = np.random.default_rng(0)


def whole(splits) -> np.ndarray:
    """All series of the three parts in the files' units, sorted."""
    x = np.concatenate([part.x for part in (splits.train, splits.val, splits.test)])
    x = splits.learnt.unscaled(x).reshape(len(x), -1)
    return x[np.lexsort(x.T[::-1])]


def ordered(x) -> np.ndarray:
    x = np.asarray(x, float).reshape(len(x), -1)
    return x[np.lexsort(x.T[::-1])]


def load(path, **options):
    return Series(path=str(path), **options).load()


def test_arrays_of_one_and_of_several_channels(tmp_path):
    for shape in ((20, 9), (20, 9, 3)):
        x = RNG.normal(size=shape) * 7 + 100
        np.save(tmp_path / "x.npy", x)
        splits = load(tmp_path / "x.npy")
        assert splits.data_shape == (1, 9, (*shape, 1)[2])
        assert splits.spec.kind == "series"
        assert not splits.learnt.gaps
        np.testing.assert_allclose(whole(splits), ordered(x), rtol=1e-5)


def test_an_npz_has_its_own_test_part_and_labels(tmp_path):
    x, y = RNG.normal(size=(20, 9)), np.arange(20) % 3
    np.savez(tmp_path / "x.npz", x_train=x[:15], y_train=y[:15], x_test=x[15:], y_test=y[15:])
    splits = load(tmp_path / "x.npz", scale="none")
    np.testing.assert_array_equal(splits.test.x[:, 0, :, 0], x[15:].astype("float32"))
    np.testing.assert_array_equal(splits.test.labels, y[15:])


def test_a_row_that_ends_before_its_label_is_named(tmp_path):
    (tmp_path / "x.csv").write_text("t0,t1,label\n1,2,a\n3,4\n")
    with pytest.raises(
        BadRequest, match=r"x\.csv:3: the row ends after 2 cells, before its column"
    ):
        load(tmp_path / "x.csv")


def test_each_channel_is_scaled_by_the_points_of_the_training_that_are_there(tmp_path):
    x = RNG.normal(size=(30, 8, 2)) * [1, 50] + [0, 1000]
    x[::3, 5:] = np.nan
    np.save(tmp_path / "x.npy", x)
    splits = load(tmp_path / "x.npy")
    train = splits.train.x
    assert splits.learnt.gaps
    assert np.isnan(train).any()
    np.testing.assert_allclose(np.nanmean(train, axis=(0, 1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(np.nanstd(train, axis=(0, 1, 2)), 1, atol=1e-4)
    np.testing.assert_allclose(whole(splits), ordered(x), rtol=1e-5)
    stored = learnt_file.from_plain(learnt_file.plain(splits.learnt), "data.json")
    np.testing.assert_array_equal(stored.scaling.offset, splits.learnt.scaling.offset)
    np.testing.assert_array_equal(stored.scaling(x), splits.learnt.scaling(x))
    assert stored.gaps


def test_wide_long_and_text_are_the_same_series(tmp_path):
    """Two channels of unequal lengths in .ts and in a long CSV whose rows are shuffled."""
    lengths = RNG.integers(3, 7, 12)
    lengths[0] = 6
    series = [RNG.normal(size=(n, 2)).round(3) for n in lengths]
    classes = [f"class {i % 2}" for i in range(12)]
    lines = ["# a comment", "@problemName x", "@univariate false", "@classLabel true a b", "@data"]
    for one, name in zip(series, classes, strict=True):
        lines.append(":".join([*(",".join(map(str, c)) for c in one.T), name]))
    (tmp_path / "x.ts").write_text("\n".join(lines))
    rows = [
        f"s{i},{t},{one[t, 0]},{one[t, 1]},{classes[i]}"
        for i, one in enumerate(series)
        for t in range(len(one))
    ]
    rows = [rows[i] for i in RNG.permutation(len(rows))]
    (tmp_path / "x.csv").write_text("\n".join(["id,time,a,b,label", *rows]))
    expected = np.full((12, 6, 2), np.nan)
    for row, one in zip(expected, series, strict=True):
        row[: len(one)] = one
    found = [load(tmp_path / name, scale="none") for name in ("x.ts", "x.csv")]
    for splits in found:
        assert splits.label_names == ("class 0", "class 1")
        np.testing.assert_allclose(whole(splits), ordered(expected), rtol=1e-6)
        for part in (splits.train, splits.test):
            for one, label in zip(part.x[:, 0], part.labels, strict=True):
                (number,) = [
                    i for i, e in enumerate(expected) if np.allclose(e, one, equal_nan=True)
                ]
                assert label == number % 2


def test_a_wide_csv_with_a_label_and_short_rows(tmp_path):
    with gzip.open(tmp_path / "x.csv.gz", "wt") as stream:
        stream.write("a,b,c,label\n" + "1,2,3,0\n4,5,,1\n7,8,9,0\n10,11,12,1\n" * 3)
    splits = load(tmp_path / "x.csv.gz", scale="none")
    expected = [[1, 2, 3], [4, 5, np.nan], [7, 8, 9], [10, 11, 12]] * 3
    np.testing.assert_array_equal(whole(splits), ordered(expected))
    assert set(splits.train.labels.tolist()) == {0, 1}


@pytest.fixture
def recording(tmp_path) -> pathlib.Path:
    """100 points of two channels, of which 90 to 94 are anomalous."""
    t = np.arange(100)
    bad = ((t >= 90) & (t < 95)).astype(int)
    rows = [f"{a},{a / 10},{np.sin(a)},{b}" for a, b in zip(t, bad, strict=True)]
    (tmp_path / "r.csv").write_text("\n".join(["timestamp,x,y,is_anomaly", *rows]))
    return tmp_path / "r.csv"


def points_of(part) -> set[int]:
    return {p for s in part.windows.starts for p in range(s, s + part.windows.length)}


def test_no_window_lies_across_the_split(recording):
    for stride in (1, 3, 20):
        splits = load(recording, window=8, stride=stride, scale="none")
        parts = [points_of(part) for part in (splits.train, splits.val, splits.test)]
        assert max(parts[0]) < min(parts[1]) <= max(parts[1]) < min(parts[2])
        assert max(parts[2]) == 99
        for part in (splits.train, splits.val, splits.test):
            starts = part.windows.starts
            np.testing.assert_allclose(part.x[:, 0, :, 0] * 10, starts[:, None] + np.arange(8))
            is_bad = [(s + 8 > 90) & (s < 95) for s in starts]
            np.testing.assert_array_equal(part.labels, is_bad)


def test_another_recording_is_the_test_part(recording):
    start = recording.with_name("start.csv")
    start.write_text("\n".join(recording.read_text().splitlines()[:61]))
    splits = load(start, test_path=str(recording), window=8, stride=2, classes=[0])
    assert points_of(splits.test) == {*range(90)}  # the others touch what is anomalous
    assert max(points_of(splits.train)) < min(points_of(splits.val))
    assert not splits.train.labels.any()
    assert splits.learnt.train_labels == [0]


def test_points_have_the_mean_of_the_windows_that_hold_them():
    starts, length = np.array([0, 2, 7]), 4
    scores = np.array([1.0, 3.0, 10.0])
    found = Windows(starts, length, 12).of_points(scores)
    for point in range(12):
        held = [v for v, s in zip(scores, starts, strict=True) if s <= point < s + length]
        np.testing.assert_allclose(found[point], np.mean(held) if held else np.nan)


def test_a_file_of_the_users_is_read_as_the_training_was(recording, tmp_path):
    splits = load(recording, window=8, stride=2)
    lines = recording.read_text().splitlines()
    plain = [line.rpartition(",")[0] for line in lines[:41]]  # without the label
    (tmp_path / "new.csv").write_text("\n".join(plain))
    found = readers.found(str(tmp_path / "new.csv"), splits.learnt, "test")
    assert found.split.x.shape == (17, 1, 8, 2)
    assert found.split.labels is None
    x = splits.learnt.unscaled(found.split.x)
    starts = found.split.windows.starts
    np.testing.assert_allclose(x[:, 0, :, 0] * 10, starts[:, None] + np.arange(8), atol=1e-4)


def test_shorter_series_are_padded_as_in_the_training(tmp_path):
    x = RNG.normal(size=(12, 6))
    x[3, 4:] = np.nan
    np.save(tmp_path / "x.npy", x)
    splits = load(tmp_path / "x.npy")
    np.save(tmp_path / "short.npy", x[:, :4])
    found = readers.found(str(tmp_path / "short.npy"), splits.learnt, "test")
    assert found.split.x.shape == (12, 1, 6, 1)
    assert np.isnan(found.split.x[:, 0, 4:]).all()
    np.save(tmp_path / "long.npy", np.ones((3, 7)))
    with pytest.raises(BadRequest, match="7 points, more than 6"):
        readers.found(str(tmp_path / "long.npy"), splits.learnt, "test")
    np.save(tmp_path / "even.npy", x[:3])
    even = load(tmp_path / "even.npy").learnt
    with pytest.raises(BadRequest, match="shorter than 6 points"):
        readers.found(str(tmp_path / "short.npy"), even, "test")


BAD = {
    "hole.npy": (np.array([[1, np.nan, 3], [1, 2, 3]]), {}, r"\[point, channel\] = \[1, 0\]"),
    "one.npy": (np.arange(9.0), {}, "dataset.window=POINTS"),
    "four.npy": (np.ones((2, 3, 4, 5)), {}, r"\[N, T\] or \[N, T, C\]"),
    "short.npy": (np.arange(9.0), {"window": 20}, "has 9 points"),
    "text.csv": ("a,b\n1,2\n3,x\n", {}, ":3:2: 'x' is not a finite number"),
    "hole.csv": ("a,b,c\n1,,3\n", {}, ":2:2: '' is not a finite number"),
    "ragged.csv": ("time,a\n1,2\n3\n", {"window": 2}, ":3: 1 columns, expected 2"),
    "name.csv": ("a,b\n1,2\n", {"label_column": "c"}, "no such column, but a, b"),
    "id.csv": ("a,b\n1,2\n", {"layout": "long"}, "dataset.id_column=NAME"),
    "empty.ts": ("@problemName x\n@data\n", {}, "no series"),
    "head.ts": ("1,2,3:a\n", {}, "no @data line"),
    "unequal.ts": ("@data\n1,2,3:1,2\n", {}, ":2: the channels of a series have unequal"),
    "hole.ts": ("@data\n1,?,3\n", {}, ":2: '\\?' is not a finite number"),
    "class.ts": ("@classLabel true a\n@data\n1,2,3\n", {}, ":3: the line has no class"),
    "times.ts": ("@timeStamps true\n@data\n", {}, "time stamps are not read"),
}


def test_what_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(windows, "MOST_VALUES", 1000)
    monkeypatch.setattr(series_arrays, "MOST_VALUES", 1000)
    np.save(tmp_path / "r.npy", np.arange(200.0))
    with pytest.raises(BadRequest, match="181 windows of 20 points make 3,620"):
        load(tmp_path / "r.npy", window=20)
    assert load(tmp_path / "r.npy", window=20, stride=10).data_shape == (1, 20, 1)
    lines = ["1,2"] * 1000 + [",".join(["1"] * 300)]
    (tmp_path / "x.ts").write_text("\n".join(["@data", *lines]))
    with pytest.raises(BadRequest, match="more than 100 times as many"):
        load(tmp_path / "x.ts")


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_its_place(tmp_path, name):
    content, options, words = BAD[name]
    if isinstance(content, str):
        (tmp_path / name).write_text(content)
    else:
        np.save(tmp_path / name, content)
    with pytest.raises(BadRequest, match=words) as refusal:
        load(tmp_path / name, **options)
    assert len(str(refusal.value).splitlines()) <= 2


def test_real_series(tmp_path):
    place = pathlib.Path(os.environ.get("AECLI_DATA_DIR", "/nowhere"), "series", "JapaneseVowels")
    if not place.is_dir():
        pytest.skip("JapaneseVowels is not in AECLI_DATA_DIR")
    test = str(place / "JapaneseVowels_TEST.ts")
    splits = load(place / "JapaneseVowels_TRAIN.ts", test_path=test)
    counts = [len(part) for part in (splits.train, splits.val, splits.test)]
    assert (splits.data_shape, counts) == ((1, 29, 12), [243, 27, 370])
    assert splits.label_names == tuple("123456789")
    assert np.isnan(splits.test.x[:, 0, -1, 0]).mean() > 0.9
