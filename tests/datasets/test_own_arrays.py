"""Image arrays as people have them: channels first, and values in other ranges than [0, 1]."""

import json
import pathlib
import re

import keras
import numpy as np
import pytest

from aecli import runs
from aecli.datasets import units
from aecli.datasets.csv import Csv
from aecli.datasets.idx import Idx
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


def idx(name: str, array: np.ndarray) -> str:
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    pathlib.Path(name).write_bytes(header + np.ascontiguousarray(array).tobytes())
    return name


def test_idx_files_may_have_their_channels_first(typed):
    words = ["dataset=idx", f"dataset.path={idx('first.idx', FIRST)}"]
    code, said = typed("train", *NETWORK, *words)
    assert (code, len(said.strip().splitlines())) == (2, 1)
    assert "first.idx: [30, 3, 8, 6] looks channels-first: dataset.channels=first" in said
    source = Idx(path="first.idx", channels="first").read()
    np.testing.assert_array_equal(source.train.x[:], COLOUR)
    assert typed("train", *NETWORK, *words, "dataset.channels=first")[0] == 0
    whole = made(typed, f"input={idx('last.idx', COLOUR)}")
    np.testing.assert_allclose(made(typed, "input=first.idx"), whole, rtol=1e-5, atol=1e-6)


# ---- ranges --------------------------------------------------------------------------------------

UNIT = RNG.random((40, 6, 6)).astype("float32")
UNIT[0, 0, :2] = 0, 1
STORED = {  # unit: images as stored, and what is said
    "levels": (UNIT * 255, "values in [0, 255] taken as x / 255"),
    "signed": (UNIT * 2 - 1, "values in [-1, 1] taken as (x + 1) / 2"),
    "bits10": ((UNIT * 300).astype("uint16"), "whole numbers of 10 bits taken as x / 1023"),
    "bits12": ((UNIT * 4000).astype("int32"), "whole numbers of 12 bits taken as x / 4095"),
    "bits14": ((UNIT * 4096).astype("int64"), "whole numbers of 14 bits taken as x / 16383"),
    "bits16": ((UNIT * 65535).astype("uint16"), "whole numbers of 16 bits taken as x / 65535"),
}
ENDS = {"levels": (0, 255), "signed": (-1, 1), "bits10": (0, 1023), "bits12": (0, 4095)}
ENDS |= {"bits14": (0, 16383), "bits16": (0, 65535)}


def from_unit(x, unit: str) -> np.ndarray:
    low, high = ENDS[unit]
    return low + (high - low) * np.asarray(x, "float64")


def to_unit(x, unit: str) -> np.ndarray:
    low, high = ENDS[unit]
    return (np.asarray(x, "float64") - low) / (high - low)


@pytest.mark.parametrize("unit", STORED)
def test_a_range_is_recognised_said_and_undone(unit, tmp_path):
    stored, said = STORED[unit]
    splits = Npz(path=saved(tmp_path / "a.npz", x=stored), **WHOLE).load()
    assert splits.learnt.unit == unit
    assert splits.notes == (f"{said}; as they are: dataset.scale=none",)
    x = splits.train.pixels()
    assert (x.dtype, splits.train.x.dtype) == (np.float32, np.float32)
    wanted = to_unit(stored, unit)
    np.testing.assert_allclose(np.sort(x.ravel()), np.sort(wanted.ravel()), atol=1e-6)
    np.testing.assert_allclose(splits.data_range, (wanted.min(), wanted.max()), atol=1e-6)
    np.testing.assert_allclose(splits.learnt.raw_range, (stored.min(), stored.max()), rtol=1e-6)
    for back in (splits.learnt.raw(x), splits.learnt.unscaled(x)):
        np.testing.assert_allclose(
            np.sort(back.ravel()), np.sort(stored.ravel()), rtol=1e-5, atol=1e-6
        )


LEFT = {  # what is another unit, or none that is known
    "in [0, 1]": UNIT,
    "counts to 16": UNIT * 16,
    "what a filter left below 0": np.where(UNIT < 0.1, -0.005, UNIT),
    "standardised": (UNIT - 0.5) * 4,
    "beyond 255": UNIT * 300,
    "whole and below 0": (UNIT * 600 - 5).astype("int16"),
    "more than 16 bits": (UNIT * 70_000).astype("int32"),
    "rows of numbers": STORED["signed"][0].reshape(-1, 1, 12),
}


@pytest.mark.parametrize("name", LEFT)
def test_other_ranges_are_left_alone(name, tmp_path):
    splits = Npz(path=saved(tmp_path / "a.npz", x=LEFT[name]), **WHOLE).load()
    assert (splits.learnt.unit, splits.notes) == ("other", ())
    np.testing.assert_allclose(splits.data_range, (LEFT[name].min(), LEFT[name].max()), rtol=1e-6)


@pytest.mark.parametrize("unit", STORED)
def test_what_is_stated_of_the_scale_wins(unit, tmp_path):
    path = saved(tmp_path / "a.npz", x=STORED[unit][0])
    plain = Npz(path=path, scale="none", **WHOLE).load()
    assert (plain.learnt.unit, plain.notes, plain.learnt.scaling) == ("other", (), None)
    np.testing.assert_array_equal(np.sort(plain.train.x, None), np.sort(STORED[unit][0], None))
    fitted = Npz(path=path, scale="minmax", scale_per="global", **WHOLE).load()
    assert (fitted.learnt.unit, fitted.notes) == ("other", ())
    assert fitted.data_range == (0, 1)


def test_the_parts_tell_the_range_together_and_a_csv_too(tmp_path):
    dark = UNIT[:5] * 0.5  # alone in [0, 1]
    path = saved(tmp_path / "a.npz", x=STORED["levels"][0], x_test=dark)
    own = Npz(path=path, test_size="train").load()
    assert own.test.pixels().max() <= 0.5 / 254.9
    again = Npz(path=path, test_size="train").load(own.learnt)  # as every later command does
    np.testing.assert_array_equal(again.test.x, own.test.x)
    rows = STORED["signed"][0].reshape(40, 36)
    np.savetxt(tmp_path / "a.csv", rows, fmt="%.6f", delimiter=",")
    assert Csv(path=str(tmp_path / "a.csv"), shape=[6, 6], **WHOLE).load().learnt.unit == "signed"


def test_a_file_that_is_read_in_place_is_brought_to_the_range_as_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("aecli.datasets.npz.IN_PLACE_BYTES", 100)
    monkeypatch.setattr("aecli.datasets.rows.SMALL_BYTES", 100)
    np.save(tmp_path / "a.npy", STORED["signed"][0])
    splits = Npz(path=str(tmp_path / "a.npy")).load()
    assert not isinstance(splits.train.x, np.ndarray)
    assert splits.learnt.unit == "signed"
    assert splits.data_range == (0, 1)
    assert 0 <= splits.train.x[:3].min() < splits.train.x[:3].max() <= 1


@pytest.mark.parametrize("unit", STORED)
def test_a_run_gives_and_takes_values_as_they_were_stored(unit, typed):
    stored, said = STORED[unit]
    np.savez("stored.npz", x=stored)
    words = [*NETWORK, "dataset=npz", "dataset.path=stored.npz", "trainer.epochs=30"]
    code, printed = typed(
        "train", *words, "trainer.jit_compile=false", "optimizer.learning_rate=0.05"
    )
    assert code == 0, printed
    assert f"note    {said}" in printed
    run = runs.find()
    plain = keras.models.load_model(run.folder / "checkpoints" / "best.keras")
    seen = to_unit(stored, unit).astype("float32")[..., None]
    wanted = from_unit(plain.reconstruct(seen), unit)  # the model itself knows [0, 1] alone
    high = max(map(abs, ENDS[unit]))
    assert typed("reconstruct", "input=stored.npz", "output=made.npz")[0] == 0
    with np.load("made.npz") as made:
        np.testing.assert_allclose(made["x"], wanted, atol=1e-5 * high)
    np.testing.assert_allclose(plain.raw.reconstruct(stored), wanted, atol=1e-5 * high)
    assert typed("export", "format=keras", "output=parts")[0] == 0
    whole = keras.models.load_model("parts/autoencoder.keras")
    raw = stored.astype("float32")[..., None]
    np.testing.assert_allclose(whole.predict(raw, verbose=0), wanted, atol=1e-4 * high)
    encoder = keras.models.load_model("parts/encoder.keras")
    codes = plain.encode(seen)
    np.testing.assert_allclose(encoder.predict(raw, verbose=0), codes, rtol=1e-3, atol=1e-4)
    assert typed("encode", "dataset=npz", "dataset.path=stored.npz", "output=codes.npz")[0] == 0
    assert typed("decode", "input=codes.npz", "output=decoded.npy")[0] == 0
    decoded = np.load("decoded.npy")
    assert ENDS[unit][0] <= decoded.min() < decoded.max() <= ENDS[unit][1]
    code, printed = typed("eval")
    assert code == 0, printed
    assert "not the data of the training" not in printed


TAKEN = {  # unit of the training, a file's values, and what the model is given of them
    ("levels", "float"): ([0.0, 51.0], [0, 0.2]),
    ("levels", "int"): ([0, 51], [0, 0.2]),
    ("levels", "picture"): ([0, 51], [0, 0.2]),
    ("signed", "float"): ([-1.0, 0.5], [0, 0.75]),
    ("signed", "int"): ([0, 51], [0, 0.2]),
    ("signed", "picture"): ([0, 51], [0, 0.2]),
    ("bits12", "int"): ([0, 819], [0, 0.2]),
    ("bits12", "float"): ([0.0, 409.5], [0, 0.1]),
    ("bits16", "picture"): ([0, 51], [0, 0.2]),
    ("bits16", "deep"): ([0, 13107], [0, 0.2]),
    ("bytes", "deep"): ([0, 13107], [0, 0.2]),
    ("signed", "bool"): ([False, True], [0, 1]),
}
DTYPES = {"float": float, "int": int, "picture": "uint8", "deep": "uint16", "bool": bool}


@pytest.mark.parametrize(("unit", "kind"), TAKEN)
def test_another_file_means_what_the_training_s_did(unit, kind):
    values, wanted = TAKEN[unit, kind]
    array = np.array(values, DTYPES[kind])
    pictures = kind in ("picture", "deep")
    x, _ = units.as_trained("f", array, unit, (0, 1), pictures)
    np.testing.assert_allclose(x / 255 if x.dtype == np.uint8 else x, wanted, rtol=1e-6)


@pytest.mark.parametrize(
    ("unit", "given", "message"),
    [
        ("levels", UNIT, r"from 0 to 1; this run was trained on values from 0 to 255"),
        ("levels", UNIT * 2 - 1, r"from -1 to 1; this run was trained on values from 0 to 255"),
        ("levels", UNIT * 4000, r"from 0 to 4000; this run"),
        ("signed", UNIT * 255, r"from 0 to 255; this run was trained on values from -1 to 1"),
        ("bits12", UNIT, r"from 0 to 1; this run was trained on values from 0 to 4000"),
        ("bits12", (UNIT * 65535).astype("uint16"), r"to 6.553e\+04; this run .* 0 to 4000"),
        ("bits12", (UNIT * 255).astype("uint8"), r"8 bits; this run was trained on .* 0 to 4000"),
    ],
)
def test_a_file_in_another_range_is_refused(unit, given, message, typed):
    np.savez("stored.npz", x=STORED[unit][0])
    words = [*NETWORK, "dataset=npz", "dataset.path=stored.npz", "trainer.jit_compile=false"]
    assert typed("train", *words, "metrics=[]")[0] == 0
    np.save("given.npy", given)
    for words in (["input=given.npy"], ["dataset=npz", "dataset.path=given.npy"]):
        code, said = typed("encode", *words)
        assert code == 2
        assert re.search(message, said), said


@pytest.mark.parametrize("kind", ["signed", "other", "standard"])
def test_the_end_of_a_training_measures_in_the_range_of_its_data(kind, typed):
    stored = STORED["signed"][0] if kind == "signed" else UNIT * 1000 - 200
    np.savez("stored.npz", x=stored)
    words = [*NETWORK, "dataset=npz", "dataset.path=stored.npz", "trainer.jit_compile=false"]
    words += ["loss=mse"] + ["dataset.scale=standard"] * (kind == "standard")
    assert typed("train", *words)[0] == 0
    run = runs.find()
    assert typed("reconstruct", "output=made.npz")[0] == 0
    target = run.learnt.raw(run.splits.test.pixels())
    squares = np.square(target - np.load("made.npz")["x"], dtype="float64")
    if kind == "standard":  # each pixel has a unit of its own
        squares /= np.square(run.learnt.scaling.divisor, dtype="float64")
        low, high = run.splits.data_range
    else:
        low, high = (-1, 1) if kind == "signed" else (stored.min(), stored.max())
    wanted = (10 * np.log10((high - low) ** 2 / squares.mean((1, 2, 3)))).mean()
    found = json.loads((run.folder / "metrics.json").read_text())
    assert found["psnr"] == pytest.approx(wanted, rel=1e-5)
    code, said = typed("eval", "metrics=[pixels,ssim]")
    assert (code, "apart at most; these" in said) == (0, False)
