"""Files made to harm: nothing in them runs, fills the memory or writes on the terminal."""

import gzip
import io
import pathlib
import pickle
import re
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from fuzz_files import IDX, X, npy, packed
from refusals import WHOLE, refusal, write

from aecli.datasets import npz as npz_module
from aecli.datasets import numpy_file
from aecli.datasets.csv import Csv
from aecli.datasets.idx import Idx
from aecli.datasets.idx_file import read_idx
from aecli.datasets.image_folder import ImageFolder
from aecli.datasets.npz import Npz
from aecli.errors import BadRequest

STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return open, (str(self.mark), "w")


def test_nothing_is_unpickled(tmp_path):
    mark = tmp_path / "mark"
    raw = pickle.dumps(Trap(mark))
    stream = io.BytesIO()
    np.save(stream, np.array([Trap(mark)] * 6, object), allow_pickle=True)
    for kind, name, data in (
        (Npz, "raw.npz", raw),
        (Npz, "raw.npy", raw),
        (Npz, "objects.npy", stream.getvalue()),
        (Npz, "objects.npz", packed({"x": npy(X), "y": stream.getvalue()}, STORED)),
        (Npz, "member.npz", packed({"x": npy(X), "y": raw}, DEFLATED)),
        (Idx, "raw-ubyte", raw),
        (Idx, "raw.gz", gzip.compress(raw)),
        (Csv, "raw.csv", raw),
        (Csv, "raw.csv.gz", gzip.compress(raw)),
    ):
        text = refusal(kind, path=write(tmp_path, name, data))
        assert name in text
        assert "pickle" not in text.removeprefix(str(tmp_path))
    (tmp_path / "images").mkdir()
    write(tmp_path / "images", "raw.png", raw)
    assert "raw.png" in refusal(ImageFolder, path=str(tmp_path / "images"))
    assert not mark.exists()
    pickle.loads(raw)  # the trap works
    assert mark.exists()


HEADER = "{'descr': '|u1', 'fortran_order': False, 'shape': (6, 4, 4), }"


def with_header(text):
    data = text.encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(data)) + data + X.tobytes()


def test_the_header_of_the_test_below_is_right(tmp_path):
    assert len(Npz(path=write(tmp_path, "a.npy", with_header(HEADER)), **WHOLE).load().train) == 6


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '|u1', 'fortran_order': False, 'shape': (6,",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-6, -4, 4), }",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (6, 4, 4), 'x': __import__('os'), }",
        "{'descr': '<U0', 'fortran_order': False, 'shape': (1000000000000,), }",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (0, 9999999999, 9999999999), }",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (" + "1, " * 99 + "), }",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (" + "9" * 4000 + ", 4, 4), }",
        "{'descr': ('|u1', (1,)), 'fortran_order': False, 'shape': (6, 4, 4), }",
        "{'descr': '|u1,' * 9, 'fortran_order': False, 'shape': (6, 4, 4), }",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (6, 16, True), }",
        "(" * 9000,
        "-" * 9000 + "1",
        "  x\n y",
        "\0",
    ],
    ids=range(14),
)
def test_headers_that_numpy_stumbles_over(header, tmp_path):
    array = with_header(header)
    for name, data in (("a.npy", array), ("a.npz", packed({"x": array}, DEFLATED))):
        assert "damaged" in refusal(Npz, path=write(tmp_path, name, data))


def peak(kind, path, **options):
    """The refusal's text, and the megabytes that it took."""
    tracemalloc.start()
    text = refusal(kind, path=path, **options)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return text, most / 2**20


def test_bombs_are_refused_before_they_unpack(tmp_path):
    long = b"\x93NUMPY\2\0" + struct.pack("<I", 2**26) + b" " * 2**26  # a header of 64 MB
    bzip = packed({"x": npy(X) + bytes(2**25)}, zipfile.ZIP_BZIP2)  # unpacked at once
    lying = bytearray(packed({"x": with_header(HEADER.replace("(6,", "(60000000,"))}, STORED))
    size = struct.pack("<I", 16 * 60_000_000 + 10 + len(HEADER) + 7)
    for at in (lying.find(b"PK\3\4") + 22, lying.find(b"PK\1\2") + 24):
        lying[at : at + 4] = size  # the member states what its header does, and has 96 bytes
    declared = IDX[0][:4] + struct.pack(">3I", 2**22, 40, 40) + bytes(96)  # 6 GB
    for kind, name, data, message in (
        (Npz, "long.npz", packed({"x": long}, DEFLATED), "incomplete or damaged"),
        (Npz, "bzip.npz", bzip, "packed in a way that NumPy does not use"),
        (Npz, "lying.npz", bytes(lying), "declares 960,000,0.. bytes, packed into"),
        (Idx, "declared", declared, "declares 6,710,886,400 bytes .* fewer"),
        (Idx, "declared.gz", gzip.compress(declared), "declares 6,710,886,400 bytes .* fewer"),
    ):
        path = write(tmp_path, name, data)
        del data
        text, most = peak(kind, path)
        assert re.search(message, text)
        assert most < 8, name


def test_an_npz_of_very_many_arrays(tmp_path, monkeypatch):
    monkeypatch.setattr(numpy_file, "MAX_ARRAYS", 3)
    path = write(tmp_path, "a.npz", packed(dict.fromkeys("abcd", npy(X)), STORED))
    assert "has 4 arrays, more than 3; store the images as one" in refusal(Npz, path=path)


def test_a_download_may_not_unpack_to_more_than_its_limit(tmp_path):
    path = write(tmp_path, "a.gz", gzip.compress(IDX[0]))
    assert read_idx(pathlib.Path(path), 96).shape == (6, 4, 4)
    with pytest.raises(BadRequest, match=r"declares 96 bytes \(6, 4, 4\), more than 95: damaged"):
        read_idx(pathlib.Path(path), 95)


def test_an_idx_of_many_dimensions(tmp_path):
    data = bytes((0, 0, 8, 255)) + b"\xff" * 2000
    text = refusal(Idx, path=write(tmp_path, "a", data))
    assert "declares 255 dimensions, more than 4" in text


def test_in_place_the_first_nan_is_named_and_black_and_white_is_known(tmp_path, monkeypatch):
    monkeypatch.setattr(npz_module, "IN_PLACE_BYTES", 0)
    x = np.zeros((6, 4, 4), np.float32)
    x[4, 2, 1], x[5] = np.inf, np.nan
    text = refusal(Npz, path=write(tmp_path, "a.npy", npy(x)))
    assert "has 17 values that are NaN or infinite" in text
    assert "= [4, 2, 1, 0]; remove" in text
    splits = Npz(path=write(tmp_path, "b.npy", npy((X > 99).astype(np.uint8))), **WHOLE).load()
    assert set(np.unique(splits.train.x[:]).tolist()) == {0, 255}


def test_a_signalling_nan_is_refused_without_a_warning(tmp_path, recwarn):
    x = np.full((6, 4, 4), 0.5)
    x.view(np.uint64)[3, 2, 1] = 0x7FF0_0000_0000_0001
    text = refusal(Npz, path=write(tmp_path, "a.npy", npy(x)))
    assert "has 1 values that are NaN or infinite in float32" in text
    assert "= [3, 2, 1, 0]; remove" in text
    assert not recwarn
