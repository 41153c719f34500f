"""Tiles of scikit-learn's photographs: where they lie, and that the test part shares no pixel."""

import numpy as np
import pytest
from sklearn.datasets import load_sample_images

from aecli.datasets.photos import Photos, strip, tiles
from aecli.errors import BadRequest


def test_tiles_are_the_picture_in_pieces():
    for number, image in enumerate(load_sample_images().images):
        source = Photos(tile=20).read()
        own = source.train.x[source.train.labels == number]
        rows = (427 - 85) // 20
        whole = own.reshape(rows, 32, 20, 20, 3).transpose(0, 2, 1, 3, 4).reshape(-1, 640, 3)
        np.testing.assert_array_equal(whole, image[: rows * 20])
        below = source.test.x[source.test.labels == number][:32]
        below = below.reshape(32, 20, 20, 3).transpose(1, 0, 2, 3).reshape(20, 640, 3)
        np.testing.assert_array_equal(below, image[427 - 85 : 427 - 65])


@pytest.mark.parametrize(("tile", "stride"), [(32, None), (18, 3), (16, 40), (213, None)])
def test_no_pixel_is_in_both_parts(tile, stride, monkeypatch):
    """Of pictures whose pixels are their own numbers."""
    numbers = np.arange(2 * 427 * 640, dtype=np.int32).reshape(2, 427, 640, 1)
    found = load_sample_images()
    found.images = list(numbers)
    monkeypatch.setattr("sklearn.datasets.load_sample_images", lambda: found)
    source = Photos(tile=tile, stride=stride).read()
    assert len(source.train)
    assert len(source.test)
    assert not np.intersect1d(source.train.x, source.test.x).size
    picture = source.test.x[:, 0, 0, 0] // (427 * 640)
    np.testing.assert_array_equal(picture, source.test.labels)


def test_tiles_begin_every_stride_and_none_is_cut_off():
    image = np.arange(5 * 7).reshape(5, 7, 1)
    found = tiles(image, 3, 2)
    assert found.shape == (2 * 3, 3, 3, 1)
    assert found[:, 0, 0, 0].tolist() == [0, 2, 4, 14, 16, 18]
    assert found[1, :, :, 0].tolist() == [[2, 3, 4], [9, 10, 11], [16, 17, 18]]


def test_the_strip_holds_a_tile():
    assert strip(427, 32) == 85
    assert strip(427, 213) == 213


def test_names_bytes_and_what_must_be_known_of_overlaps():
    splits = Photos().load()
    assert splits.label_names == ("china", "flower")
    assert splits.train.x.dtype == np.uint8
    assert [len(splits.train), len(splits.val), len(splits.test)] == [360, 40, 80]
    assert splits.spec.kind == "image"
    assert not splits.notes
    assert "share pixels" in Photos(stride=16).load().notes[0]
    assert not Photos(stride=16, validation_size="test").load().notes


def test_too_many_tiles_are_refused_before_they_are_made():
    with pytest.raises(BadRequest, match=r"take dataset\.stride=2 or more"):
        Photos(stride=1).load()
