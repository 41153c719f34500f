"""Decoded images are kept in the user's cache, found by content, and mapped by later runs."""

import multiprocessing
import os
import time

import numpy as np
import pytest
from options import contents
from PIL import Image

from aecli import build, cache
from aecli.datasets import image_files, image_folder, kept_images, rows


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """8 images of two sizes, so few of which count as many; a cache of the test's own."""
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path / "aecli")
    monkeypatch.setattr(kept_images, "FEWEST", 2)
    place = tmp_path / "pictures"
    place.mkdir()
    for i, x in enumerate(np.random.default_rng(0).integers(0, 256, (8, 12, 12), np.uint8)):
        Image.fromarray(x[: 10 + i % 2]).save(place / f"{i}.png")
    return place


def load(folder, **changes):
    node = contents("dataset", "image_folder") | {"path": str(folder), "image_size": 8, "seed": 0}
    return build.component(node | changes, "dataset").load()


def kept(folder):
    return sorted((folder.parent / "aecli" / "images").glob("*.images"))


@pytest.fixture
def decoded(monkeypatch):
    """The names of the files that are decoded from now on."""
    names, really = [], image_files.decoded
    monkeypatch.setattr(
        image_files,
        "decoded",
        lambda file, frame: (names.append(file.name), really(file, frame))[1],
    )
    return names


def same(mine, theirs):
    assert mine.source == theirs.source
    for part in ("train", "val", "test"):
        np.testing.assert_array_equal(getattr(mine, part).x[:], getattr(theirs, part).x[:])


def test_a_second_run_decodes_nothing_and_sees_the_same(folder, decoded):
    plain = load(folder, cache=False)
    assert kept(folder) == []
    first = load(folder)
    (path,) = kept(folder)
    assert path.stat().st_mode & 0o777 == 0o600
    decoded.clear()
    same(load(folder), plain)
    same(first, plain)
    assert decoded == []
    load(folder, image_size=4)  # another size is another array
    assert len(decoded) == 8
    assert len(kept(folder)) == 2


def test_what_has_changed_is_decoded_anew_though_size_and_time_are_the_same(folder):
    load(folder)
    file = folder / "3.png"
    before, about = file.read_bytes(), file.stat()
    Image.fromarray(np.full((11, 12), 9, np.uint8)).save(file)
    changed = file.read_bytes() + b" " * max(0, len(before) - file.stat().st_size)
    file.write_bytes(changed[: len(before)])
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (len(before), about.st_mtime_ns)
    same(load(folder), load(folder, cache=False))


@pytest.mark.parametrize("damage", ["bit", "cut", "shape", "length"])
def test_what_is_damaged_is_decoded_anew(folder, decoded, damage):
    plain = load(folder)
    (path,) = kept(folder)
    raw = bytearray(path.read_bytes())
    if damage == "bit":
        raw[5] ^= 1
    elif damage == "cut":
        del raw[-9:]
    elif damage == "shape":
        raw = raw.replace(b'"kinds": [', b'"kinds": {')
    else:
        raw[-8:] = (2**63).to_bytes(8, "little")
    path.write_bytes(raw)
    decoded.clear()
    same(load(folder), plain)
    assert len(decoded) == 8
    decoded.clear()
    same(load(folder), plain)
    assert decoded == []


def test_a_folder_that_others_may_write_into_is_not_used(folder, decoded):
    load(folder)
    (folder.parent / "aecli" / "images").chmod(0o777)
    decoded.clear()
    load(folder)
    assert len(decoded) == 8


def test_what_was_used_longest_ago_goes(folder, monkeypatch):
    for size in (4, 5, 6):
        load(folder, image_size=size)
    oldest, *_ = sorted(kept(folder), key=lambda path: path.stat().st_size)
    for age, path in enumerate(sorted(kept(folder), key=lambda path: -path.stat().st_size)):
        os.utime(path, (1e9 - age, 1e9 - age))
    load(folder, image_size=4)  # used again
    monkeypatch.setattr(kept_images, "MOST", sum(p.stat().st_size for p in kept(folder)))
    load(folder, image_size=3)
    assert oldest in kept(folder)
    assert len(kept(folder)) == 3
    monkeypatch.setattr(kept_images, "MOST", 10)
    load(folder, image_size=2)  # too much to be kept: decoded all the same
    assert len(kept(folder)) == 3


def test_with_a_file_that_cannot_be_read_nothing_is_kept(folder):
    (folder / "9.png").write_bytes(b"no image")
    assert len(load(folder, on_error="skip").train) > 0
    assert kept(folder) == []


def test_who_comes_second_waits_and_decodes_nothing(folder, decoded, caplog):
    """In another process, which writes what is kept while it holds the turn."""
    begun, child = multiprocessing.Event(), multiprocessing.get_context("fork")
    first = child.Process(target=load_slowly, args=(folder, begun))
    first.start()
    assert begun.wait(30)
    second = load(folder)
    first.join(30)
    assert first.exitcode == 0
    assert decoded == []
    assert "another process decodes these images" in caplog.text
    same(second, load(folder, cache=False))


def load_slowly(folder, begun):
    write = kept_images._write

    def slowly(*args):
        begun.set()
        time.sleep(0.3)
        return write(*args)

    kept_images._write = slowly
    load(folder)


def test_what_a_killed_process_left_goes_with_the_next_who_decodes_the_same(folder):
    load(folder)
    (path,) = kept(folder)
    path.rename(path.with_name(f".{path.stem[:50]}.999999.tmp.images"))
    other = path.with_name(f".{'0' * 50}.999998.tmp.images")  # may be written now
    other.touch()
    load(folder)
    assert kept(folder) == [other, path]


def test_many_are_streamed_from_what_is_kept(folder, monkeypatch):
    whole = load(folder)
    monkeypatch.setattr(image_folder, "IN_PLACE_BYTES", 0)
    monkeypatch.setattr(rows, "SMALL_BYTES", 0)
    streamed = load(folder)
    assert isinstance(streamed.train.x, rows.Rows)
    same(streamed, whole)
