"""Image arrays as people have them: channels first, and values in other ranges than [0, 1]."""

import pathlib

import numpy as np
import pytest

from aecli.datasets.npz import Npz
from aecli.errors import BadRequest

WHOLE = {"test_size": "train", "validation_size": "test"}  # one part: all images
RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (30, 8, 6, 3), np.uint8)  # [N, H, W, C]
FIRST = np.ascontiguousarray(COLOUR.transpose(0, 3, 1, 2))
NETWORK = ["network.widths=[8]", "model.latent_dim=2", "trainer.epochs=1", "figures=[]"]


def saved(path, **arrays) -> str:
    np.savez(path, **arrays)
    return str(path)


def sorted_images(x) -> np.ndarray:
    return np.sort(x.reshape(len(x), -1), axis=0)


# ---- channels ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["npz", "npy", "in place", "rows"])
def test_channels_first_become_last(kind, tmp_path, monkeypatch):
    shape = None
    if kind == "in place":
        monkeypatch.setattr("aecli.datasets.npz.IN_PLACE_BYTES", 1000)
    if kind == "npz":
        path = saved(tmp_path / "a.npz", x_train=FIRST, x_test=FIRST[:4])
    else:
        path = tmp_path / "a.npy"
        np.save(path, FIRST.reshape(30, -1) if kind == "rows" else FIRST)
        shape = [8, 6, 3] if kind == "rows" else None
    source = Npz(path=str(path), channels="first", shape=shape).read()
    np.testing.assert_array_equal(source.train.x[:], COLOUR)
    np.testing.assert_array_equal(source.train.take(np.array([3, 1])).x[:], COLOUR[[3, 1]])
    splits = Npz(path=str(path), channels="first", shape=shape, limit=5).load()
    assert splits.data_shape == (8, 6, 3)
    known = {x.tobytes() for x in COLOUR}
    assert all(x.tobytes() in known for x in splits.train.x)


@pytest.mark.parametrize("shape", [(9, 3, 32, 32), (9, 1, 5, 7), (9, 4, 4, 6)])
def test_what_looks_channels_first_is_asked_for(shape, typed):
    np.save("a.npy", np.zeros(shape, np.uint8))
    code, said = typed("train", "dataset=npz", "dataset.path=a.npy")
    assert code == 2
    assert len(said.strip().splitlines()) == 1
    assert f"a.npy: {list(shape)} looks channels-first: dataset.channels=first" in said
    assert Npz(path="a.npy", channels="last").read().train.data_shape == shape[1:]
    count, channels, height, width = shape
    source = Npz(path="a.npy", channels="first").read()
    assert source.train.x.shape == (count, height, width, channels)


@pytest.mark.parametrize("shape", [(9, 3, 32, 3), (9, 3, 4, 4), (9, 2, 8, 8), (9, 3, 32)])
def test_what_may_be_channels_last_is_taken_so(shape, tmp_path):
    np.save(tmp_path / "a.npy", np.zeros(shape, np.uint8))
    assert Npz(path=str(tmp_path / "a.npy")).read().train.data_shape == (*shape[1:], 1)[:3]


@pytest.mark.parametrize("shape", [(9, 32, 32), (9, 48)])
def test_channels_first_needs_an_axis_of_channels(shape, tmp_path):
    np.save(tmp_path / "a.npy", np.zeros(shape, np.uint8))
    with pytest.raises(BadRequest, match=r"channels=first needs \[N, C, H, W\]"):
        Npz(path=str(tmp_path / "a.npy"), channels="first").read()


def made(typed, *words: str) -> np.ndarray:
    """The images that the latest run makes of some, in any order."""
    code, said = typed("reconstruct", *words, "output=made.npz")
    assert code == 0, said
    with np.load("made.npz") as stored:
        x = stored["x"]
    pathlib.Path("made.npz").unlink()
    return sorted_images(x)


@pytest.mark.parametrize("way", ["first", "last"])
def test_a_run_knows_where_its_channels_are(way, typed):
    saved("last.npz", x=COLOUR, y=np.zeros(30, int))
    saved("first.npz", x=FIRST)
    np.save("flat.npy", FIRST.reshape(30, -1) if way == "first" else COLOUR.reshape(30, -1))
    words = [*NETWORK, "dataset=npz", f"dataset.path={way}.npz", f"dataset.channels={way}"]
    assert typed("train", *words)[0] == 0
    found = [made(typed, f"input={name}") for name in ("last.npz", "first.npz", "flat.npy")]
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], rtol=1e-5, atol=1e-6)
    np.save("others.npy", FIRST[:, :, :6, :4])
    code, said = typed("reconstruct", "input=others.npy")
    assert (code, "trained on 8x6x3" in said) == (2, True)


def test_where_the_shape_cannot_tell_the_training_does(typed):
    cube = RNG.integers(0, 256, (30, 3, 3, 3), np.uint8)
    np.save("first.npy", cube)
    np.save("last.npy", cube.transpose(0, 2, 3, 1))
    words = ["dataset=npz", "dataset.path=first.npy", "dataset.channels=first"]
    assert typed("train", *NETWORK, *words)[0] == 0
    inherited = made(typed, "input=first.npy")
    whole = ["dataset=npz", "dataset.test_size=train", "dataset.validation_size=test"]
    stated = made(typed, *whole, "dataset.path=last.npy", "dataset.channels=last")
    np.testing.assert_allclose(inherited, stated, rtol=1e-5, atol=1e-6)
    assert not np.allclose(
        inherited, made(typed, *whole, "dataset.path=first.npy", "dataset.channels=last")
    )
