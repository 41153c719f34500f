"""MNIST and Fashion-MNIST: where they are looked for, how they are known, how they are fetched.

A small stand-in of the family has its own check sums; the real files are used where
AECLI_DATA_DIR has them.
"""

import contextlib
import dataclasses
import functools
import gzip
import http.server
import os
import threading
from typing import ClassVar

import numpy as np
import pytest

from aecli.datasets import download, mnist_family
from aecli.datasets.fashion_mnist import FashionMnist
from aecli.datasets.idx_file import idx_md5
from aecli.datasets.mnist import Mnist
from aecli.datasets.mnist_copies import FILES
from aecli.errors import BadRequest

DATA_DIR = os.environ.get("AECLI_DATA_DIR")
RNG = np.random.default_rng(0)
ARRAYS = {
    "x_train": RNG.integers(0, 256, (30, 28, 28), np.uint8),
    "y_train": RNG.integers(0, 10, 30, np.uint8),
    "x_test": RNG.integers(0, 256, (10, 28, 28), np.uint8),
    "y_test": RNG.integers(0, 10, 10, np.uint8),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Small(mnist_family.MnistFamily):
    option: ClassVar[str] = "small"
    title: ClassVar[str] = "SMALL"
    npz_names: ClassVar[tuple[str, ...]] = ("small.npz",)
    folders: ClassVar[tuple[str, ...]] = ("small-set", "small")
    md5: ClassVar[tuple[str, ...]] = tuple(idx_md5(array) for array in ARRAYS.values())
    mirrors: ClassVar[tuple[str, ...]] = ()
    validation_size: int = 5


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """A home folder without any copy."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "SCHEMES", ("http",))  # of the servers on this machine
    for name in ("AECLI_DATA_DIR", "KERAS_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)


def idx(array):
    header = bytes((0, 0, 8, array.ndim)) + np.array(array.shape, ">u4").tobytes()
    return header + array.tobytes()


def put_idx(folder, suffix=".gz", arrays=ARRAYS):
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in zip(FILES, arrays.values(), strict=True):
        data = idx(array)
        (folder / f"{name}{suffix}").write_bytes(gzip.compress(data) if suffix else data)


def put_npz(folder, **arrays):
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / "small.npz", **{**ARRAYS, **arrays})
    return folder / "small.npz"


def check(splits):
    assert [len(splits.train), len(splits.val), len(splits.test)] == [25, 5, 10]
    np.testing.assert_array_equal(splits.test.x[..., 0], ARRAYS["x_test"])
    np.testing.assert_array_equal(splits.test.labels, ARRAYS["y_test"])
    assert splits.test.labels.dtype == np.int64
    assert splits.source.endswith("content verified")


@pytest.mark.parametrize("suffix", [".gz", ""])
@pytest.mark.parametrize("place", [".", "small-set", "small"])
def test_stated_folder_with_idx_files(tmp_path, monkeypatch, place, suffix):
    put_idx(tmp_path / "data" / place, suffix)
    check(Small(path=str(tmp_path / "data")).load())
    monkeypatch.setenv("AECLI_DATA_DIR", str(tmp_path / "data"))
    check(Small().load())


def test_stated_npz(tmp_path, monkeypatch):
    path = put_npz(tmp_path / "data")
    check(Small(path=str(path)).load())
    check(Small(path=str(path.parent)).load())
    monkeypatch.setenv("AECLI_DATA_DIR", str(path.parent))
    check(Small().load())
    assert str(path) in Small().load().source


def test_labels_of_another_integer_type_are_the_same_content(tmp_path):
    check(Small(path=str(put_npz(tmp_path, y_test=ARRAYS["y_test"].astype(np.int64)))).load())


def test_caches(tmp_path, monkeypatch):
    put_npz(tmp_path / "home" / ".keras" / "datasets")
    check(Small().load())
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    with pytest.raises(BadRequest):
        Small().load()
    put_idx(tmp_path / "keras" / "datasets" / "small-set")
    check(Small().load())
    monkeypatch.delenv("KERAS_HOME")
    (tmp_path / "home/.keras/datasets/small.npz").unlink()
    put_idx(tmp_path / "home" / ".cache" / "aecli" / "small-set")
    check(Small().load())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    with pytest.raises(BadRequest, match=str(tmp_path / "xdg" / "aecli")):
        Small().load()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_test": ARRAYS["x_test"] ^ 1}, r"small\.npz: x_test \(10, 28, 28\) is not SMALL's"),
        ({"y_train": ARRAYS["y_train"][::-1]}, r"y_train .* is not SMALL's \(MD5"),
        ({"x_train": ARRAYS["x_train"] / 255}, r"x_train .*dataset=npz"),
    ],
)
def test_other_content_is_refused_wherever_the_user_stated_it(
    tmp_path, monkeypatch, changes, message
):
    path = put_npz(tmp_path / "data", **changes)
    with pytest.raises(BadRequest, match=message):
        Small(path=str(path)).load()
    monkeypatch.setenv("AECLI_DATA_DIR", str(path.parent))
    with pytest.raises(BadRequest, match=message):
        Small().load()


def test_one_altered_pixel_of_an_idx_file_is_noticed(tmp_path):
    altered = {**ARRAYS, "x_train": ARRAYS["x_train"].copy()}
    altered["x_train"][17, 3, 4] ^= 1
    put_idx(tmp_path, arrays=altered)
    with pytest.raises(BadRequest, match=r"train-images-idx3-ubyte\.gz .*is not SMALL's"):
        Small(path=str(tmp_path)).load()


def test_stated_paths_that_have_nothing(tmp_path):
    with pytest.raises(BadRequest, match=r"dataset\.path: .*nowhere does not exist"):
        Small(path=str(tmp_path / "nowhere")).load()
    with pytest.raises(BadRequest, match=r"has neither small\.npz nor the four IDX files"):
        Small(path=str(tmp_path)).load()
    put_idx(tmp_path)
    (tmp_path / f"{FILES[3]}.gz").unlink()
    with pytest.raises(BadRequest, match=r"has neither small\.npz nor the four IDX files"):
        Small(path=str(tmp_path)).load()
    (tmp_path / "page.npz").write_bytes(b"<html>")
    with pytest.raises(BadRequest, match=r"page\.npz is a web page"):
        Small(path=str(tmp_path / "page.npz")).load()
    np.savez(tmp_path / "two.npz", x=ARRAYS["x_train"])
    with pytest.raises(BadRequest, match=r"two\.npz has no array x_train; SMALL has x_train, "):
        Small(path=str(tmp_path / "two.npz")).load()


def test_a_damaged_cache_is_passed_over_and_told(tmp_path):
    path = put_npz(tmp_path / "home" / ".keras" / "datasets")
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(BadRequest, match=r"damaged: .*small\.npz is incomplete or damaged"):
        Small().load()
    put_idx(tmp_path / "home" / ".cache" / "aecli" / "small-set")
    check(Small().load())


# --- download


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@contextlib.contextmanager
def serving(folder):
    """The address of a server on this machine that has the folder's files."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def files_below(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_download_is_kept_and_the_second_time_needs_no_network(tmp_path, monkeypatch):
    put_idx(tmp_path / "web" / "good")
    with serving(tmp_path / "web") as address:
        monkeypatch.setattr(Small, "mirrors", (f"{address}/absent", f"{address}/good"))
        check(Small().load())
    kept = tmp_path / "home" / ".cache" / "aecli" / "small-set"
    assert files_below(tmp_path / "home") == sorted(f"{name}.gz" for name in FILES)
    check(Small().load())
    assert Small().load().source.startswith(str(kept))


def test_a_damaged_download_in_the_cache_is_fetched_again(tmp_path, monkeypatch):
    put_idx(tmp_path / "web")
    kept = tmp_path / "home" / ".cache" / "aecli" / "small-set"
    put_idx(kept)
    (kept / f"{FILES[0]}.gz").write_bytes(b"\x1f\x8bcut")
    with serving(tmp_path / "web") as address:
        monkeypatch.setattr(Small, "mirrors", (address,))
        check(Small().load())
    assert (kept / f"{FILES[0]}.gz").read_bytes() == (
        tmp_path / "web" / f"{FILES[0]}.gz"
    ).read_bytes()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda data: b"<html>log in to this network</html>", "sends something else"),
        (lambda data: data[:-30], "sends something else"),
        (lambda data: gzip.compress(idx(ARRAYS["x_test"] ^ 1)), "sends something else"),
        (lambda data: data + bytes(100_000), "sends more than 60,000 bytes"),
    ],
)
def test_a_mirror_that_sends_something_else_leaves_nothing(tmp_path, monkeypatch, spoil, reason):
    put_idx(tmp_path / "web")
    bad = tmp_path / "web" / f"{FILES[2]}.gz"
    bad.write_bytes(spoil(bad.read_bytes()))
    monkeypatch.setattr(mnist_family, "MAX_BYTES", 60_000)
    monkeypatch.setattr(download, "CHUNK", 4096)  # no piece alone is too much
    with serving(tmp_path / "web") as address:
        monkeypatch.setattr(Small, "mirrors", (address,))
        with pytest.raises(BadRequest, match=rf"127\.0\.0\.1:\d+ \({reason}"):
            Small().load()
    assert files_below(tmp_path / "home") == sorted(f"{name}.gz" for name in FILES[:2])


def test_a_mirror_that_says_nothing_times_out(tmp_path, monkeypatch):
    import socket

    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setattr(Small, "mirrors", (address,))
        with pytest.raises(BadRequest, match="timed out"):
            Small().load()


def test_a_cache_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    put_idx(tmp_path / "web")
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with serving(tmp_path / "web") as address:
        monkeypatch.setattr(Small, "mirrors", (address,))
        with pytest.raises(BadRequest, match="Not a directory"):
            Small().load()


def test_no_copy_and_no_network_says_what_was_tried_and_the_three_ways_on(tmp_path, monkeypatch):
    monkeypatch.setenv("AECLI_DATA_DIR", str(tmp_path / "data"))
    mirrors = tuple(f"http://127.0.0.1:{port}/closed" for port in (1, 2))  # nobody listens there
    for kind in (Mnist, FashionMnist):
        monkeypatch.setattr(kind, "mirrors", mirrors)
        with pytest.raises(BadRequest) as caught:
            kind().load()
        tried, ways = str(caught.value).split("\n")
        assert tried.startswith(f"dataset '{kind.option}' is not on this machine")
        for place in (str(tmp_path / "data"), "/home/.keras/datasets", "/home/.cache/aecli"):
            assert place in tried
        assert "127.0.0.1:1 (Connection refused), 127.0.0.1:2 (Connection refused)" in tried
        for way in (f"{kind.npz_names[0]} into $AECLI_DATA_DIR", "dataset.path=", "dataset=digits"):
            assert way in ways


@pytest.mark.parametrize("kind", [Mnist, FashionMnist])
def test_mirrors_are_several_and_encrypted(kind):
    assert len({url.split("/")[2] for url in kind.mirrors}) >= 2
    assert all(url.startswith("https://") for url in kind.mirrors)


@pytest.mark.skipif(not DATA_DIR, reason="AECLI_DATA_DIR with MNIST and Fashion-MNIST is not set")
@pytest.mark.parametrize("kind", [Mnist, FashionMnist])
def test_real_files(kind, monkeypatch):
    monkeypatch.setenv("AECLI_DATA_DIR", DATA_DIR)
    splits = kind().load()
    assert [len(splits.train), len(splits.val), len(splits.test)] == [55_000, 5_000, 10_000]
    assert splits.data_shape == (28, 28, 1)
    assert splits.train.x.dtype == np.uint8
    assert splits.data_range == (0, 1)
    assert np.bincount(splits.test.labels).sum() == 10_000
    # published: the mean pixel of the 60,000 training images
    everything = kind(validation_size="test").load().train
    published = 0.1307 if kind is Mnist else 0.2860
    assert abs(everything.x.mean() / 255 - published) < 1e-4
    assert splits.test.labels[:5].tolist() == (
        [7, 2, 1, 0, 4] if kind is Mnist else [9, 2, 1, 1, 6]
    )


@pytest.mark.skipif(not DATA_DIR, reason="AECLI_DATA_DIR with MNIST and Fashion-MNIST is not set")
def test_fashion_mnist_classes_by_name(monkeypatch):
    monkeypatch.setenv("AECLI_DATA_DIR", DATA_DIR)
    splits = FashionMnist(classes=["Bag", "Sneaker"], limit=200).load()
    assert set(splits.train.labels.tolist()) == {7, 8}
    assert len(splits.train) == len(splits.val) == len(splits.test) == 200
