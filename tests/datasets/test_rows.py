"""Images that stay in their file: the same splits, feeds and metrics as from memory."""

import numpy as np
import pytest
from options import contents

from aecli import build
from aecli.datasets import npz, numpy_file, rows
from aecli.errors import BadRequest, RunFailed
from aecli.io.codes import read_codes
from aecli.training.feed import Preparation
from aecli.training.streaming import Piece, StreamingFeed


@pytest.fixture
def in_place(monkeypatch):
    """Files and selections of any size count as large."""
    monkeypatch.setattr(npz, "IN_PLACE_BYTES", 0)
    monkeypatch.setattr(rows, "SMALL_BYTES", 0)


def load(path, **changes):
    node = contents("dataset", "npz") | {"path": str(path), "seed": 0} | changes
    return build.component(node, "dataset").load()


@pytest.fixture(params=["uint8", "float32"])
def file(request, tmp_path, images):
    x = np.round(images * 255).astype("uint8")
    np.save(tmp_path / "x.npy", x if request.param == "uint8" else images)
    return tmp_path / "x.npy"


def test_splits_are_the_same_rows(file, request):
    memory = load(file)
    request.getfixturevalue("in_place")
    lazy = load(file)
    assert isinstance(lazy.train.x, rows.Rows)
    for name in ("train", "val", "test"):
        mine, theirs = getattr(lazy, name).x, getattr(memory, name).x
        assert (mine.shape, mine.dtype, mine.nbytes) == (theirs.shape, theirs.dtype, theirs.nbytes)
        np.testing.assert_array_equal(mine[:], theirs)
        np.testing.assert_array_equal(mine[np.array([3, 1])], theirs[[3, 1]])
    assert lazy.data_range == memory.data_range
    assert lazy.data_shape == (8, 8, 1)


@pytest.mark.parametrize("noise", ["none", "gaussian"])
def test_validation_block_by_block_is_the_frozen_whole(file, compose, noise, monkeypatch, request):
    monkeypatch.setattr("aecli.training.feed.ROWS", 6)
    monkeypatch.setattr("aecli.training.streaming.ROWS", 6)
    request.getfixturevalue("in_place")
    config = compose(f"noise={noise}", "model=vae")
    splits = load(file, validation_size=20)
    preparation = Preparation(noise=build.component(config.noise, "noise"))
    feed = StreamingFeed(splits.train.x, splits.val.x, preparation, 8)
    model = build.model(config, (8, 8, 1))
    model.compile("adam")
    feed.attach(model, {"model": model.optimizer}, 1)
    pieces = [feed._read(Piece("val", 0, number)) for number in range(4)]
    whole = [
        np.concatenate([np.concatenate([*block.numpy(), rest.numpy()]) for block, rest in column])
        for column in zip(*(zip(*piece, strict=True) for piece in pieces), strict=True)
    ]
    wanted = [*preparation.frozen(splits.val.x[:])]
    wanted = [*wanted[: 1 + preparation.is_random], model.frozen_draws(20)["z"]]
    for mine, theirs in zip(whole, wanted, strict=True):
        given = mine / np.float32(255) if mine.dtype == np.uint8 else mine
        np.testing.assert_array_equal(given, theirs.reshape(20, -1))


def test_a_run_from_a_file_in_place(file, compose, in_place, tmp_path):
    from aecli.fit.start import train

    config = compose("dataset=npz", f"dataset.path={file}", "trainer.feed=streaming",
                     "trainer.epochs=2", "figures=[loss_curve]", f"outputs={tmp_path}")  # fmt: skip
    names = {"model": "ae", "dataset": "npz", "noise": "none", "experiment": None}
    run = train(config, names, [])
    assert run.status["state"] == "done"
    assert "read in place" in run.status["data_source"]


def test_what_cannot_be_read_in_place_says_so(tmp_path, images, in_place):
    np.save(tmp_path / "f64.npy", images.astype("float64"))
    with pytest.raises(BadRequest, match="must be uint8 or float32"):
        load(tmp_path / "f64.npy")
    broken = images.copy()
    broken[7, 0, 0] = np.nan
    np.save(tmp_path / "nan.npy", broken)
    with pytest.raises(BadRequest, match="NaN or infinite"):
        load(tmp_path / "nan.npy")
    np.save(tmp_path / "x.npy", images)
    with pytest.raises(BadRequest, match=r"dataset\.limit=N"):
        load(tmp_path / "x.npy", binarize="threshold")


def test_a_file_that_is_cut_while_it_is_read_in_place(file, compose, request):
    whole = load(file)
    request.getfixturevalue("in_place")
    splits = load(file)
    with file.open("r+b") as stream:
        stream.truncate(file.stat().st_size // 2)
    with pytest.raises(BadRequest, match=r"x\.npy was cut or is damaged: it ends within"):
        splits.train.x[:]
    few = np.array([splits.train.x._positions.argmin()])
    np.testing.assert_array_equal(splits.train.x[few], whole.train.x[few])
    config = compose("trainer.feed=streaming", "trainer.jit_compile=false")
    model = build.model(config, (8, 8, 1))
    trainer = build.component(config.trainer, "trainer")
    preparation = Preparation(noise=build.component(config.noise, "noise"))
    feed = StreamingFeed(splits.train.x, splits.val.x, preparation, 8)
    with pytest.raises(RunFailed, match=r"^\S*x\.npy was cut or is damaged: .* write it again$"):
        trainer.fit(model, {"model": build.optimizer(config, 9, 9)}, feed, len(splits.train))


def test_a_file_that_is_cut_between_its_header_and_its_values(tmp_path, monkeypatch):
    """As one that another program writes again meanwhile."""
    path = tmp_path / "x.npy"
    for array in (np.ones((9, 4, 4)), np.asfortranarray(np.ones((9, 4, 4)))):
        np.save(path, array)
        header = numpy_file.npy_header(path)
        with monkeypatch.context() as patch:
            patch.setattr(numpy_file, "npy_header", lambda _, known=header: known)
            path.write_bytes(path.read_bytes()[:-9])
            with pytest.raises(BadRequest, match="it ends within its images"):
                load(path)
            with pytest.raises(BadRequest, match="it ends within its images"):
                read_codes(str(path))


def test_a_large_selection_is_read_a_part_at_a_time(monkeypatch):
    """So that what is made in between is small: here a row of 4 numbers, of which 2 at once."""
    monkeypatch.setattr(rows, "BLOCK", 8)
    read = []

    def reading(positions):
        read.append(len(positions))
        return np.arange(40).reshape(10, 2, 2, 1)[positions]

    kept = rows.Rows(reading, (10, 2, 2, 1), np.uint8).mapped(lambda x: x + 1, np.float32)
    chosen = np.array([9, 0, 4, 4, 2])
    found = kept[chosen]
    assert (found.dtype, read) == (np.float32, [2, 2, 1])
    np.testing.assert_array_equal(found, np.arange(40).reshape(10, 2, 2, 1)[chosen] + 1)
