"""aecli interpolate: paths between two codes, as a strip and as moving pictures."""

import fresh_run
import numpy as np
import pytest
from figures_run import cell, colour_run, picture_of, texts
from PIL import Image, ImageSequence
from scipy.spatial import geometric_slerp

from aecli import runs
from aecli.commands import interpolate as command
from aecli.errors import BadRequest, NotApplicable
from aecli.figures import interpolation
from aecli.figures.interpolation import linear, spherical, strip, write_gif

T = np.linspace(0, 1, 9)


def codes(shape=(2, 3, 4)):
    return np.random.default_rng(0).normal(size=(2, *shape)).astype("float32")


@pytest.mark.parametrize("path", [linear, spherical])
def test_a_path_begins_and_ends_at_its_codes(path):
    a, b = codes()
    way = path(a, b, T)
    assert way.shape == (9, 2, 3, 4)
    np.testing.assert_allclose(way[[0, -1]], [a, b], rtol=1e-6)


def test_linear_goes_straight_at_one_speed():
    a, b = codes()
    steps = np.diff(linear(a, b, T), axis=0)
    np.testing.assert_allclose(steps, np.broadcast_to((b - a) / 8, steps.shape), atol=1e-6)


def test_spherical_is_the_great_circle():
    a, b = (code.ravel() / np.linalg.norm(code) for code in codes().astype("float64"))
    np.testing.assert_allclose(spherical(a, b, T), geometric_slerp(a, b, T), atol=1e-9)
    np.testing.assert_allclose(spherical(3 * a, 3 * b, T), 3 * geometric_slerp(a, b, T), atol=1e-9)


@pytest.mark.parametrize("factor", [2.0, -1.0, 0.0])
def test_parallel_codes_have_no_circle_and_go_straight(factor):
    a, _ = codes()
    np.testing.assert_allclose(spherical(a, factor * a, T), linear(a, factor * a, T), rtol=1e-6)
    np.testing.assert_allclose(spherical(factor * a, a, T), linear(factor * a, a, T), rtol=1e-6)


@pytest.fixture(scope="module")
def trained(compose, tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return runs.Run(fresh_run.folder(compose, root, "model=vae", "model.latent_dim=3"))


@pytest.fixture
def ask(compose, trained, monkeypatch):
    """ask("steps=3") -> files, and what the strip was drawn from: ends, ways, names."""

    def asked(*overrides):
        drawn = {}

        def noted(run, ends, ways, names):
            drawn.update(ends=ends, ways=ways, names=names)
            return strip(run, ends, ways, names)

        monkeypatch.setattr(interpolation, "strip", noted)
        words = [f"run={trained.folder}", *overrides]
        return command.interpolate(compose(*words, command="interpolate")), drawn

    return asked


def test_the_ends_are_the_reconstructions_of_the_two_images(ask, trained):
    files, drawn = ask("images=[4,17]", "path=both", "steps=5")
    assert [f.name for f in files] == ["interpolation.png", "linear.gif", "spherical.gif"]
    x, _, labels = trained.examples("test")
    pair = x[[4, 17]]
    np.testing.assert_array_equal(drawn["ends"], pair)
    expected = trained.model.reconstruct(pair)
    for way in drawn["ways"].values():
        assert len(way) == 5
        np.testing.assert_allclose(way[[0, -1]], expected, atol=1e-6)
    middle = trained.model.decode(trained.model.encode(pair).mean(axis=0, keepdims=True))[0]
    np.testing.assert_allclose(drawn["ways"]["linear"][2], middle, atol=1e-6)
    assert drawn["names"] == [f"image {row} (label {labels[row]})" for row in (4, 17)]


def test_labels_are_those_of_the_first_images_that_have_them(ask, trained):
    labels = trained.splits.test.labels
    _, drawn = ask("labels=[3,8]", "gif=false", "steps=2")
    x = trained.examples("test")[0]
    rows = [int(np.argmax(labels == label)) for label in (3, 8)]
    np.testing.assert_array_equal(drawn["ends"], x[rows])
    files, drawn = ask("gif=false")
    assert len(files) == 1
    other = int(np.argmax(labels != labels[0]))
    np.testing.assert_array_equal(drawn["ends"], x[[0, other]])


def test_a_gif_goes_there_and_back(ask, trained):
    files, drawn = ask("images=[0,1]", "steps=4")
    way = drawn["ways"]["linear"]
    with Image.open(files[1]) as stored:
        assert stored.info["loop"] == 0
        frames = [np.asarray(frame.convert("L")) for frame in ImageSequence.Iterator(stored)]
    assert [frame.shape for frame in frames] == [(224, 224)] * 6
    for frame, step in zip(frames, [0, 1, 2, 3, 2, 1], strict=True):
        np.testing.assert_allclose(frame[14::28, 14::28] / 255, way[step, ..., 0], atol=0.51 / 255)


def test_a_gif_of_colour_images_and_one_that_fails(tmp_path, monkeypatch):
    way = colour_run().splits.test.pixels()[:3]
    write_gif(tmp_path / "a.gif", way, (0.0, 1.0))
    with Image.open(tmp_path / "a.gif") as stored:
        frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(stored)]
    assert len(frames) == 4
    assert np.abs(frames[2][9::19, 9::19] / 255 - way[2]).mean() < 0.02  # 256 colours a frame
    monkeypatch.setattr(Image.Image, "save", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_gif(tmp_path / "b.gif", way, (0.0, 1.0))
    assert [file.name for file in tmp_path.iterdir()] == ["a.gif"]


def test_the_strip_shows_every_image_in_its_place():
    run = colour_run()
    run.data_range = (0.0, 1.0)
    x = run.splits.test.pixels()
    ways = {"linear": x[10:31], "spherical": x[40:61]}
    figure = strip(run, x[:2], ways, ["this", "that"])
    picture = picture_of(figure)
    start = 10 + 10 // 3  # the first image and the blank beside it
    for row, way in enumerate(ways.values()):
        np.testing.assert_allclose(cell(picture, row, 0, (12, 10), 1), x[0], atol=1e-6)
        shown = cell(picture[:, start:], row, 3, (12, 10), 1)
        np.testing.assert_allclose(shown, way[6], atol=1e-6)  # 11 of 21: every second one
        np.testing.assert_allclose(picture[13 * row : 13 * row + 12, -10:], x[1], atol=1e-6)
    ax = figure.axes[0]
    ticks = [t.get_text() for t in ax.get_xticklabels()]
    assert ticks[:3] == ["input", "0", "0.1"]
    assert ticks[-2:] == ["1", "input"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["linear", "spherical"]
    assert "from this to that" in texts(figure)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["images=[1]"], "images must be two"),
        (["images=[1,9999]"], "there are 150, counted from 0 to 149"),
        (["images=[-1,2]"], "greater than or equal to 0"),
        (["labels=[3,11]"], "no image has the label 11; there are 0, 1"),
        (["labels=[3,8]", "images=[0,1]"], "state one of them"),
        (["path=round"], "path must be 'linear', 'spherical' or 'both'"),
        (["steps=1"], "steps must be greater than or equal to 2"),
        (["format=gif"], "format must be 'png', 'svg' or 'pdf'"),
    ],
)
def test_what_cannot_be_is_refused(ask, trained, words, said):
    before = set(trained.folder.rglob("*"))
    with pytest.raises(BadRequest, match=said):
        ask(*words)
    assert set(trained.folder.rglob("*")) == before


def test_rows_of_numbers_have_no_pictures(compose, tmp_path):
    np.save(tmp_path / "table.npy", np.random.default_rng(0).random((60, 13), dtype="float32"))
    data = ["dataset=npz", f"dataset.path={tmp_path / 'table.npy'}"]
    folder = fresh_run.folder(compose, tmp_path, "model=ae", *data)
    with pytest.raises(NotApplicable, match="interpolate needs images; this data is rows of 13"):
        command.interpolate(compose(f"run={folder}", command="interpolate"))
