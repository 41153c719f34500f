"""CIFAR-10's binary files: layout, archive and folder, and what is refused."""

import io
import pickle
import tarfile

import numpy as np
import pytest

from aecli.datasets import tar_file
from aecli.datasets.cifar10 import Cifar10
from aecli.errors import BadRequest

FOLDER = "cifar-10-batches-bin"
NAMES = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]


class Small(Cifar10):
    """20 images a file."""

    images_a_file = 20


def files():
    """{name: bytes} of numbered images: red is the image, green the row, blue the column."""
    made = {}
    for n, name in enumerate(NAMES):
        rows = []
        for i in range(20):
            row, column = np.mgrid[:32, :32]
            red = np.full((32, 32), 20 * n + i)
            rows.append(np.concatenate([[i % 10], red.ravel(), row.ravel(), column.ravel()]))
        made[name] = np.array(rows, np.uint8).tobytes()
    return made


def archive(path, contents, mode="w:gz", folder=FOLDER):
    with tarfile.open(path, mode) as tar:
        for name, data in {"readme.html": b"<html>", **contents}.items():
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return str(path)


def unpacked(folder, contents):
    folder.mkdir()
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    return str(folder)


def refused(path) -> str:
    with pytest.raises(BadRequest) as caught:
        Small(path=None if path is None else str(path)).read()
    assert str(caught.value).count("\n") <= 1
    return str(caught.value)


@pytest.mark.parametrize("way", ["gz", "tar", "folder", "above"])
def test_images_labels_and_their_order(way, tmp_path):
    path = {
        "gz": lambda: archive(tmp_path / "a.tar.gz", dict(reversed(files().items()))),
        "tar": lambda: archive(tmp_path / "a.tar", files(), "w"),
        "folder": lambda: unpacked(tmp_path / "b", files()),
        "above": lambda: str((tmp_path / FOLDER, unpacked(tmp_path / FOLDER, files()))[0].parent),
    }[way]()
    source = Small(path=path).read()
    assert source.train.x.shape == (100, 32, 32, 3)
    assert source.test.x.shape == (20, 32, 32, 3)
    assert source.train.x[:, 9, 4, 0].tolist() == list(range(100))
    assert source.test.x[3, 9, 4].tolist() == [103, 9, 4]
    assert source.train.labels.tolist() == [i % 10 for i in range(100)]
    assert (source.label_names[3], source.label_names[9]) == ("cat", "truck")
    splits = Small(path=path, validation_size=10).load()
    assert splits.train.x.dtype == np.uint8
    assert splits.learnt.unit == "bytes"


def test_the_originals_sizes_are_expected(tmp_path):
    with pytest.raises(BadRequest, match="61,460 bytes instead of 30,730,000"):
        Cifar10(path=archive(tmp_path / "a.tar.gz", files())).read()


def test_other_counts_of_labels_are_refused(tmp_path):
    for label in (1, 10):
        contents = files()
        contents["data_batch_2.bin"] = bytes([label]) + contents["data_batch_2.bin"][1:]
        said = refused(archive(tmp_path / "a.tar.gz", contents))
        assert "training part has not 10 images of each label 0 to 9" in said


def test_what_is_missing_is_named(tmp_path):
    contents = files()
    del contents["data_batch_4.bin"]
    for path in (archive(tmp_path / "a.tar.gz", contents), unpacked(tmp_path / "b", contents)):
        assert "has no data_batch_4.bin" in refused(path)
    assert "cifar-10-binary.tar.gz" in refused(None)
    assert "does not exist" in refused(tmp_path / "nothing.tar.gz")


def test_the_pickled_version_is_not_unpickled(tmp_path):
    class Mark:
        def __reduce__(self):
            return (tmp_path / "mark").touch, ()

    contents = {name.removesuffix(".bin"): pickle.dumps(Mark()) for name in NAMES}
    path = archive(tmp_path / "a.tar.gz", contents, folder="cifar-10-batches-py")
    assert "is pickled, and not read" in refused(path)
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("kept", [20, 3000])
def test_a_truncated_archive(tmp_path, kept):
    rng = np.random.default_rng(0)
    contents = {name: rng.bytes(len(data)) for name, data in files().items()}
    path = tmp_path / "a.tar.gz"
    archive(path, contents)
    path.write_bytes(path.read_bytes()[:kept])
    assert "truncated or damaged" in refused(path)


def test_a_file_that_is_no_archive(tmp_path):
    path = tmp_path / "a.tar.gz"
    path.write_bytes(b"no archive" * 1000)
    assert "no tar archive" in refused(path)


def test_links_are_not_followed(tmp_path):
    (tmp_path / "secret").write_bytes(files()[NAMES[0]])
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as tar:
        info = tarfile.TarInfo(f"{FOLDER}/{NAMES[0]}")
        info.type, info.linkname = tarfile.SYMTYPE, str(tmp_path / "secret")
        tar.addfile(info)
    assert f"has no {NAMES[0]}" in refused(path)


def test_an_archive_that_unpacks_to_too_much_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(tar_file, "SAFE_BYTES", 100_000)
    path = archive(tmp_path / "a.tar.gz", {"huge.bin": bytes(10**6), **files()})
    assert "more than 100,000 bytes" in refused(path)
