"""Paths that lead nowhere, files under a wrong name, and names that are made to harm."""

import gzip
import os
import zipfile

import numpy as np
import pytest
from fuzz_files import IMAGES, X, Y, npy, packed
from refusals import WHOLE, refusal, write

from aecli.datasets.csv import Csv
from aecli.datasets.idx import Idx
from aecli.datasets.image_folder import ImageFolder
from aecli.datasets.mnist import Mnist
from aecli.datasets.npz import Npz
from aecli.errors import BadRequest

STORED = zipfile.ZIP_STORED


def test_names_in_a_file_do_not_reach_the_terminal_as_they_are(tmp_path):
    name = "x\n\x1b[31m\u202e"
    both = packed({name: npy(X), "n" * 500: npy(X)}, STORED)
    text = refusal(Npz, path=write(tmp_path, "a.npz", both))
    assert r"x\n\x1b[31m\u202e (6, 4, 4), nnn" in text
    assert "n" * 100 not in text
    for array in (npy(X.astype("M8[s]")), npy(X * np.nan), npy(Y)):
        path = write(tmp_path, "a.npz", packed({name: array}, STORED))
        assert r"x\n\x1b" in refusal(Npz, path=path)
    path = write(tmp_path, "a.npz", packed({"": npy(X)}, STORED))
    assert len(Npz(path=path, **WHOLE).load().train) == 6
    labelled = {"x": npy(X), "y": npy(np.array([name, "b"])[Y % 2])}
    path = write(tmp_path, "a.npz", packed(labelled, STORED))
    assert r"x\n\x1b" in refusal(Npz, path=path, classes=["c"])


@pytest.mark.parametrize("kind", [Npz, Csv, Idx, ImageFolder, Mnist])
def test_paths_that_cannot_be(kind, tmp_path):
    whole = {"validation_size": "test"}
    for path in ("~nobody-has-this-name/a", "a" * 5000):
        with pytest.raises(BadRequest, match=rf"^dataset\.path: cannot read {path[:99]}"):
            kind(path=path, **whole).load()


@pytest.mark.parametrize("kind", [Npz, Csv, Idx])
def test_a_pipe_is_not_waited_for(kind, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "pipe is a device, not a file" in refusal(kind, path=str(tmp_path / "pipe"))


def test_other_formats_say_who_reads_them(tmp_path):
    assert "dataset=csv, idx and image_folder" in refusal(
        Npz, path=write(tmp_path, "a.npz", IMAGES[0])
    )
    assert "dataset=npz, csv and image_folder" in refusal(Idx, path=write(tmp_path, "a", npy(X)))


def test_a_packed_web_page_is_one(tmp_path):
    for kind in (Npz, Idx, Csv):
        path = write(tmp_path, "a.gz", gzip.compress(b"<!-- blocked --><html>"))
        assert f"{path} is a web page" in refusal(kind, path=path)
    path = write(tmp_path, "b.gz", gzip.compress(b""))
    assert f"{path} is empty" in refusal(Idx, path=path)
