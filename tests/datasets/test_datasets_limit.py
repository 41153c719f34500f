"""dataset.limit takes the rows it always took and reads no others; bombs end in one line."""

import gzip
import io
import os
import struct
import tracemalloc
import zipfile

import numpy as np
import pyarrow
import pytest
from fuzz_files import idx, npy, packed, picture
from pyarrow import parquet
from refusals import WHOLE, refusal, write

from aecli.datasets import (
    arrays,
    csv_values,
    image_files,
    labels,
    parquet_file,
    source_file,
    stored,
)
from aecli.datasets.csv import Csv
from aecli.datasets.idx import Idx
from aecli.datasets.image_folder import ImageFolder
from aecli.datasets.npz import Npz
from aecli.datasets.parquet import Parquet
from aecli.errors import BadRequest
from aecli.io import readers
from aecli.io.codes import read_codes

N = 60
X = np.random.default_rng(5).integers(0, 256, (N, 4, 4), np.uint8)
Y = np.arange(N) % 3
TEXTS = np.array(["cat", "ant", "bee"])[Y]


def csv_text(x=X, y=TEXTS, header=True):
    head = "label," + ",".join(f"p{i}" for i in range(16)) + "\n" if header else ""
    rows = [
        ",".join(map(str, [label, *row])) for label, row in zip(y, x.reshape(N, -1), strict=True)
    ]
    return head + "\n\n".join(rows) + "\n"


def parquet_bytes(x=X):
    columns = {f"p{i}": column for i, column in enumerate(x.reshape(len(x), -1).T)}
    stream = io.BytesIO()
    table = pyarrow.table(columns | {"label": TEXTS})
    parquet.write_table(table, stream, row_group_size=7)
    return stream.getvalue()


def pictures(folder):
    for i, label in enumerate(TEXTS):
        (folder / "pictures" / label).mkdir(parents=True, exist_ok=True)
        (folder / "pictures" / label / f"{i:02}.png").write_bytes(picture("png"))


FILES = {  # name: (kind, bytes, has labels)
    "a.npy": (Npz, npy(X), False),
    "f.npy": (Npz, npy(np.asfortranarray(X / 255)), False),
    "a.npz": (Npz, packed({"x": npy(X), "y": npy(TEXTS)}, zipfile.ZIP_DEFLATED), True),
    "b.npz": (Npz, packed({"x": npy(X.astype(">f8") / 7), "y": npy(Y)}, zipfile.ZIP_STORED), True),
    "a.csv": (Csv, csv_text(), True),
    "a.csv.gz": (Csv, gzip.compress(csv_text(X / 7, header=False).encode()), False),
    "a-ubyte": (Idx, idx(X, 8), False),
    "a-ubyte.gz": (Idx, gzip.compress(idx(X.astype("i2") * 9, 11)), False),
    "a.parquet": (Parquet, parquet_bytes(), True),
    "b.parquet": (Parquet, parquet_bytes(X / 7), True),
}


def dataset(folder, name, **options):
    kind, data, _ = FILES[name]
    if name == "a.csv.gz":
        options["label"] = 0
    return kind(path=write(folder, name, data), **options)


@pytest.mark.parametrize("name", FILES)
def test_a_limit_takes_the_rows_that_it_always_took(name, tmp_path):
    for options in ({}, {"test_size": "train", "validation_size": "test"}, {"validation_size": 5}):
        if FILES[name][2]:
            options["classes"] = [1, 2]
        for limit in (4, 1000):
            whole = dataset(tmp_path, name, **options).load()
            some = dataset(tmp_path, name, **options, limit=limit).load()
            for part in ("train", "val", "test"):
                found, known = getattr(some, part), getattr(whole, part)
                assert len(found) == min(limit, len(known))
                assert found.x.dtype == known.x.dtype
                np.testing.assert_array_equal(found.x, known.x[:limit])
                if known.labels is not None:
                    np.testing.assert_array_equal(found.labels, known.labels[:limit])
            assert some.label_names == whole.label_names
            assert some.learnt.columns == whole.learnt.columns
            again = dataset(tmp_path, name, **options, limit=limit).load(some.learnt)
            np.testing.assert_array_equal(again.train.x, some.train.x)
            assert again.fingerprints == some.fingerprints


class Counted(io.BufferedIOBase):
    """A stream that counts what is read of it."""

    total = 0

    def __init__(self, stream):
        self.stream = stream

    def seek(self, place):
        return self.stream.seek(place)

    def readinto(self, room):
        Counted.total += len(room)
        return self.stream.readinto(room)


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "b.npz", "a-ubyte", "a-ubyte.gz"])
def test_of_arrays_no_other_row_is_read(name, tmp_path, monkeypatch):
    monkeypatch.setattr(stored, "GAP", 0)  # what is closer is read and passed over
    read, Counted.total = stored.read_rows, 0
    for module in ("numpy_file", "idx_file"):
        count = lambda stream, *rest, **more: read(Counted(stream), *rest, **more)  # noqa: E731
        monkeypatch.setattr(f"aecli.datasets.{module}.read_rows", count)
    splits = dataset(tmp_path, name, limit=2, validation_size=3, test_size=3).load()
    width = {"a.npy": 16, "a.npz": 16, "b.npz": 128, "a-ubyte": 16, "a-ubyte.gz": 32}[name]
    assert Counted.total == 6 * width
    assert [len(part) for part in (splits.train, splits.val, splits.test)] == [2, 2, 2]


def test_of_packed_arrays_nothing_behind_the_last_row_is_unpacked(tmp_path):
    """A damaged end is not seen."""
    order = np.random.default_rng([0, 0]).permutation(N)
    limit = int(np.argmax(order > 30))  # of the first ones none is behind 30
    options = {"validation_size": "test", "test_size": "train", "limit": limit}
    noise = np.random.default_rng(1).integers(0, 256, (N, 90, 90), np.uint8)
    good = packed({"x": npy(noise)}, zipfile.ZIP_STORED)
    bad = bytearray(good)
    bad[-9000:-300] = bytes(8700)
    cut = gzip.compress(idx(noise, 8))[:-9000]
    for kind, name, data in ((Npz, "a.npz", bytes(bad)), (Idx, "a", cut)):
        path = write(tmp_path, name, data)
        np.testing.assert_array_equal(
            kind(path=path, **options).load().train.x[..., 0], noise[order[:limit]]
        )
        assert "damaged" in refusal(kind, path=path)


def test_of_a_csv_no_other_row_is_parsed(tmp_path, monkeypatch):
    parsed, load = [], np.loadtxt

    def counted(lines, **options):
        found = load(lines, **options)
        parsed.append(found.size)
        return found

    monkeypatch.setattr(csv_values.np, "loadtxt", counted)
    dataset(tmp_path, "a.csv", limit=2, validation_size=3, test_size=3).load()
    assert parsed == [N, 6 * 17]  # the labels, and six rows
    wrong = csv_text().replace(csv_text().splitlines()[-1], "cat,x")
    path = write(tmp_path, "wrong.csv", wrong)
    assert "wrong.csv:" in refusal(Csv, path=path)
    assert f"{2 * N}: 2 columns, expected 17" in refusal(Csv, path=path, limit=N)


def test_of_a_parquet_file_no_other_group_is_read(tmp_path, monkeypatch):
    groups, batches = [], parquet_file._batches

    def counted(stored, file, group, names):
        groups.append((group, len(names)))
        return batches(stored, file, group, names)

    monkeypatch.setattr(parquet_file, "_batches", counted)
    splits = dataset(tmp_path, "a.parquet", limit=1, **WHOLE)
    row = np.random.default_rng([0, 0]).permutation(N)[0]
    np.testing.assert_array_equal(splits.load().train.x[0, ..., 0], X[row])
    assert groups == [*((group, 1) for group in range(9)), (row // 7, 16)]


def test_of_a_folder_no_other_image_is_decoded(tmp_path, monkeypatch):
    pictures(tmp_path)
    names, decoded = [], image_files.decoded

    def counted(file, *rest):
        names.append(file.name)
        return decoded(file, *rest)

    monkeypatch.setattr(image_files, "decoded", counted)
    options = {"path": str(tmp_path / "pictures"), "image_size": [4, 4]}
    splits = ImageFolder(**options, limit=2).load()
    assert len(names) == 6
    assert (
        splits.source
        == f"{tmp_path}/pictures: 6 of 60 images, of 8x12, shrunk and stretched to 4x4"
    )
    assert splits.label_names == ("ant", "bee", "cat")
    assert ImageFolder(**options).load().train.labels[:2].tolist() == splits.train.labels.tolist()


# ---- bombs ---------------------------------------------------------------------------------------


def sparse(path, head, size):
    path.write_bytes(head)
    os.truncate(path, size)
    return str(path)


def head(shape, kind="|u1"):
    stream = io.BytesIO()
    about = {"descr": kind, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, about)
    return stream.getvalue()


def member(path, start, blocks):
    """An .npz whose x is `start` and so many MiB of zeros."""
    archive = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
    with archive, archive.open("x.npy", "w", force_zip64=True) as stream:
        stream.write(start)
        for _ in range(blocks):
            stream.write(bytes(2**20))
    return str(path)


def gzipped(path, start, block, blocks):
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(start)
        for _ in range(blocks):
            stream.write(block)
    return str(path)


@pytest.fixture
def bombs(tmp_path, monkeypatch):
    """{name: (its reader, its path)}; a MiB is already much."""
    monkeypatch.setattr(source_file, "SAFE_BYTES", 2**20)  # of holes
    monkeypatch.setattr(source_file.check_unpacked, "__defaults__", (2**20,))
    monkeypatch.setattr(source_file, "SAFE_TEXT", 2**20)
    n = 2**23
    numbers = bytes((0, 0, 8, 3)) + struct.pack(">3I", n // 16, 4, 4)
    stream = io.BytesIO()
    table = pyarrow.table({f"p{i}": np.zeros(2**18) for i in range(4)})
    parquet.write_table(table, stream)
    lines = b"0,0,0,0\n" * 2**12
    start = head((8, n // 8))
    return {
        "a.npz": (Npz, member(tmp_path / "a.npz", start, 8)),
        "a.npy": (Npz, sparse(tmp_path / "a.npy", start, len(start) + n)),
        "f.npy": (Npz, sparse(tmp_path / "f.npy", head((8, 2**31), "<f4"), 128 + 2**36)),
        "a-ubyte": (Idx, sparse(tmp_path / "a-ubyte", numbers, len(numbers) + n)),
        "b-ubyte.gz": (Idx, gzipped(tmp_path / "b-ubyte.gz", numbers, bytes(2**20), 8)),
        "a.csv.gz": (Csv, gzipped(tmp_path / "a.csv.gz", b"", lines, 256)),
        "a.csv": (Csv, sparse(tmp_path / "a.csv", b"1,2\n", 2**33)),
        "a.parquet": (Parquet, write(tmp_path, "a.parquet", stream.getvalue())),
    }


def test_bombs_end_in_one_line_that_states_the_bound(bombs):
    for name, (kind, path) in bombs.items():
        for options in ({}, {"limit": 3}):
            tracemalloc.start()
            text = refusal(kind, path=path, **options)
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert f"{name} " in text.replace(": x ", " ")
            assert "beyond 1 MiB at most 100 times as many are read" in text
            assert "\n" not in text
            assert most < 5 * 2**20, name
        with pytest.raises(BadRequest, match="beyond 1 MiB at most 100 times"):
            readers._reader(readers.pathlib.Path(path), "input", False).read()
        if not name.endswith((".gz", "ubyte")):
            with pytest.raises(BadRequest, match="beyond 1 MiB at most 100 times"):
                read_codes(path)


def test_what_is_not_packed_has_no_such_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(source_file.check_unpacked, "__defaults__", (100,))
    monkeypatch.setattr(source_file, "SAFE_TEXT", 100)
    for name, (_, _, labelled) in FILES.items():
        assert len(dataset(tmp_path, name, **WHOLE).load().train) == N, (name, labelled)


def test_more_images_than_can_be_numbered(tmp_path, monkeypatch):
    monkeypatch.setattr(arrays, "MOST", 2**20)
    path = sparse(tmp_path / "a.npy", head((2**24, 1)), 128 + 2**24)
    tracemalloc.start()
    text = refusal(Npz, path=path, limit=3)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()
    assert text == f"{path} has 16,777,216 images, more than 1,048,576; take a part of them"


def test_one_long_label_does_not_make_all_of_them_long(tmp_path):
    """An array of texts is as wide as the longest."""
    rows = "a,1\n" * 40_000
    tracemalloc.start()
    splits = Csv(path=write(tmp_path, "a.csv", f"label,p\n{'b' * 256},2\n{rows}"), **WHOLE).load()
    assert tracemalloc.get_traced_memory()[1] < 2**24  # 40,000 x 256 characters are 41 MB
    tracemalloc.stop()
    assert splits.label_names == ("a", "b" * 256)
    wide = packed({"x": npy(X), "y": npy(TEXTS.astype("U300"))}, zipfile.ZIP_DEFLATED)
    text = refusal(Npz, path=write(tmp_path, "a.npz", wide))
    assert f"has room for 300 characters a label, more than {labels.LONGEST}" in text


def test_a_parquet_column_of_texts_is_refused_unread_and_a_label_read_once(tmp_path):
    stream = io.BytesIO()
    long = pyarrow.array(["x" * 1000] * 20_000)
    parquet.write_table(pyarrow.table({"p": np.zeros(20_000), "text": long}), stream)
    path = write(tmp_path, "a.parquet", stream.getvalue())
    for options in ({}, {"label": "text"}):
        before = pyarrow.default_memory_pool().max_memory()
        text = refusal(Parquet, path=path, **options)
        assert ("label of more than 256" if options else "column text is no number") in text
        assert pyarrow.default_memory_pool().max_memory() - before < 2**23
