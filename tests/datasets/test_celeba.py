"""CelebA's folder and its list of attributes."""

import numpy as np
import pytest
from PIL import Image

from aecli.datasets.celeba import ATTRIBUTES, FOLDER, Celeba
from aecli.errors import BadRequest

SMILING = {"000001.jpg": 1, "000002.jpg": -1, "000003.jpg": 1, "000004.jpg": -1, "000005.jpg": -1}


@pytest.fixture
def place(tmp_path):
    """Five faces, each of one grey with a black frame, and their attributes in another order."""
    (tmp_path / FOLDER).mkdir()
    for i, name in enumerate(SMILING):
        x = np.zeros((218, 178, 3), np.uint8)
        x[20:198] = 40 * (i + 1)  # the square in the middle
        Image.fromarray(x).save(tmp_path / FOLDER / name, quality=100)
    lines = [f"{name} {-value:2d} {value:2d}" for name, value in SMILING.items()]
    text = "\n".join(["5", "Bald Smiling ", *reversed(lines)]) + "\n"
    (tmp_path / ATTRIBUTES).write_text(text)
    return tmp_path


def read(path, **options):
    return Celeba(path=str(path), **options).read().read()


def refused(path, **options) -> str:
    with pytest.raises(BadRequest) as caught:
        Celeba(path=None if path is None else str(path), **options).read()
    assert str(caught.value).count("\n") <= 1
    return str(caught.value)


@pytest.mark.parametrize("inner", ["", FOLDER])
def test_faces_are_cropped_and_labelled_by_their_file(place, inner):
    source = read(place / inner, label="Smiling", image_size=32)
    assert source.train.x.shape == (5, 32, 32, 3)
    middle = source.train.x[:, 16, 16].astype(int)
    np.testing.assert_allclose(middle, [[40 * (i + 1)] * 3 for i in range(5)], atol=2)
    assert source.train.x[:, 1].min() > 30  # nothing of the frame above and below
    assert source.train.labels.tolist() == [1, 0, 1, 0, 0]
    assert source.label_names == ("not Smiling", "Smiling")
    assert read(place, label="Bald").train.labels.tolist() == [0, 1, 0, 1, 1]


def test_the_parts_and_a_class(place):
    options = {"label": "Smiling", "test_size": "train", "validation_size": "test"}
    splits = Celeba(path=str(place), classes=["not Smiling"], **options).load()
    assert len(splits.train) == 3
    assert splits.learnt.unit == "bytes"
    assert splits.spec.kind == "image"


def test_without_a_label_no_list_is_needed(place):
    (place / ATTRIBUTES).unlink()
    assert read(place).train.labels is None
    assert f"needs {ATTRIBUTES}" in refused(place, label="Smiling")


def test_what_is_wrong_is_named(place):
    assert "did you mean 'Smiling'?" in refused(place, label="Smilling")
    assert "dataset=celeba" in refused(None)
    assert "is a file, not a folder" in refused(place / ATTRIBUTES)
    (place / FOLDER / "000009.jpg").write_bytes((place / FOLDER / "000001.jpg").read_bytes())
    assert "no line for 1 images, as 000009.jpg" in refused(place, label="Bald")


@pytest.mark.parametrize("line", ["000001.jpg 1", "000001.jpg 1 0", "000001.jpg 1 1 1", "\x1b[2J"])
def test_a_damaged_line_is_named(place, line):
    (place / ATTRIBUTES).write_text(f"5\nBald Smiling\n000002.jpg 1 1\n{line}\n")
    said = refused(place, label="Smiling")
    assert "line 4 is not a file and 2 numbers" in said
    assert said.isprintable()


@pytest.mark.parametrize("text", ["x", "5\n", "\n\n\n", "\xff\xfe\x00"])
def test_a_list_that_is_none(place, text):
    (place / ATTRIBUTES).write_text(text)
    assert "no such attribute" in refused(place, label="Smiling")


def test_folders_of_classes_are_another_data_set(place):
    (place / FOLDER / "men").mkdir()
    for file in (place / FOLDER).glob("*.jpg"):
        file.rename(place / FOLDER / "men" / file.name)
    assert "dataset=image_folder" in refused(place)
