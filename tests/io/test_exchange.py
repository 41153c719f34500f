"""encode, decode, reconstruct: the user's images and codes in, files out, nothing replaced."""

import csv
import dataclasses
import json
import pathlib

import keras
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from aecli import runs
from aecli.commands.decode import decode
from aecli.commands.encode import encode
from aecli.commands.reconstruct import reconstruct
from aecli.errors import BadRequest, NotApplicable
from aecli.fit.start import train

NAMES = {"model": "vae", "dataset": "digits", "noise": "none", "experiment": None}
WORDS = ["model=vae", "model.latent_dim=3", "trainer.epochs=1", "trainer.jit_compile=false"]
DIGITS = (load_digits().images * 15.9).astype("uint8")


def trained(compose, root, *words: str) -> runs.Run:
    words = [*WORDS, "figures=[]", *words, f"outputs={root}"]
    return train(compose(*words), NAMES, words)


@pytest.fixture(scope="module")
def run(compose, tmp_path_factory) -> runs.Run:
    return trained(compose, tmp_path_factory.mktemp("run"))


@pytest.fixture
def ask(compose, run, tmp_path, monkeypatch):
    """ask("encode", "input=x.npz") -> the config of that command, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def config(command: str, *words: str, of=run):
        return compose(f"run={of.folder}", *words, command=command)

    return config


@pytest.fixture
def pngs(tmp_path) -> pathlib.Path:
    """Six digits, in sub-folders that are their labels."""
    folder = tmp_path / "photos"
    for number, picture in enumerate(DIGITS[:6]):
        place = folder / ("even" if number % 2 == 0 else "odd")
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(place / f"{number}.png")
    return folder


def posterior_mean(run, x) -> np.ndarray:
    """By plain Keras, from the file."""
    model = keras.models.load_model(run.folder / "checkpoints" / "best.keras")
    return np.asarray(model.encoder.predict(x, verbose=0)["mean"])


# ---- codes out -----------------------------------------------------------------------------------


def test_the_codes_of_the_test_split_are_plain_keras_ones(ask, run):
    with np.load(encode(ask("encode"))) as stored:
        assert set(stored) == {"code", "label"}
        test = run.splits.test
        np.testing.assert_allclose(
            stored["code"], posterior_mean(run, test.pixels()), rtol=1e-4, atol=1e-5
        )
        assert stored["label"].tolist() == test.labels.tolist()


def test_csv_and_parquet_hold_the_same_codes(ask, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pip install 'aecli[parquet]'")
    encode(ask("encode", "output=codes.npz"))
    encode(ask("encode", "output=codes.csv"))
    encode(ask("encode", "output=deep/er/codes.parquet"))
    codes = np.load("codes.npz")["code"]
    with open("codes.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["label", "code_0", "code_1", "code_2"]
    read = np.array([[row[f"code_{i}"] for i in range(3)] for row in rows], "float32")
    assert read.tobytes() == codes.tobytes()
    table = parquet.read_table("deep/er/codes.parquet")
    assert np.stack([table[f"code_{i}"] for i in range(3)], 1).tobytes() == codes.tobytes()


def test_draws_differ_by_seed_and_have_the_posterior_s_mean_and_spread(ask, run):
    words = ["encode", "sample=true", "seed=5"]
    paths = [encode(ask(*words, f"output={name}.npz")) for name in ("one", "again")]
    one, again = (np.load(path)["code"] for path in paths)
    assert one.tobytes() == again.tobytes()
    x = run.splits.test.pixels()
    draws = np.array([run.model.encode(x, seed=seed) for seed in range(5, 45)])
    assert draws[0] == pytest.approx(one, abs=1e-5)
    out = run.model.encoder.predict(x, verbose=0)
    standard = (draws - out["mean"]) / np.exp(0.5 * np.asarray(out["log_var"]))
    assert abs(standard.mean()) < 4 / np.sqrt(standard.size)
    assert standard.std() == pytest.approx(1, abs=4 / np.sqrt(2 * standard.size))


def test_a_plain_autoencoder_has_no_draws(compose, ask, tmp_path):
    plain = trained(compose, tmp_path, "model=ae")
    with pytest.raises(NotApplicable, match="take sample=false"):
        encode(ask("encode", "sample=true", of=plain))


# ---- the user's images ---------------------------------------------------------------------------


def test_a_folder_of_pngs_is_encoded_by_name(ask, run, pngs):
    with np.load(encode(ask("encode", f"input={pngs}"))) as stored:
        names = ["even/0.png", "even/2.png", "even/4.png", "odd/1.png", "odd/3.png", "odd/5.png"]
        assert stored["file"].tolist() == names
        assert stored["label"].tolist() == ["even"] * 3 + ["odd"] * 3
        x = DIGITS[[0, 2, 4, 1, 3, 5], ..., None] / np.float32(255)
        np.testing.assert_allclose(stored["code"], posterior_mean(run, x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["npz", "npy", "csv", "parquet"])
def test_every_kind_of_file_holds_the_same_images(ask, run, kind):
    x, file = DIGITS[:5], f"x.{kind}"
    if kind == "npz":
        np.savez(file, x=x)
    elif kind == "npy":
        np.save(file, x)
    elif kind == "csv":
        np.savetxt(file, x.reshape(5, 64), fmt="%d", delimiter=",")
    else:
        pyarrow = pytest.importorskip("pyarrow", reason="pip install 'aecli[parquet]'")
        columns = {f"pixel{i}": x.reshape(5, 64)[:, i] for i in range(64)}
        pyarrow.parquet.write_table(pyarrow.table(columns), file)
    codes = np.load(encode(ask("encode", f"input={file}")))["code"]
    wanted = posterior_mean(run, x[..., None] / np.float32(255))
    np.testing.assert_allclose(codes, wanted, rtol=1e-4, atol=1e-5)


def test_the_training_s_scaling_is_applied(compose, ask, tmp_path):
    """Whole numbers 0..16 of scikit-learn, standardised by what the run was trained on."""
    x = load_digits().data.astype("float32")
    np.savez(tmp_path / "all.npz", x=x)
    words = [
        "dataset=npz",
        f"dataset.path={tmp_path}/all.npz",
        "loss=mse",
        "dataset.scale=standard",
    ]
    scaled = trained(compose, tmp_path, *words)
    np.save("some.npy", x[:9])
    codes = np.load(encode(ask("encode", "input=some.npy", of=scaled)))["code"]
    train = dataclasses.replace(scaled.dataset, scale="none").load().train.x.reshape(-1, 64)
    deviation = train.std(axis=0)
    standard = (x[:9] - train.mean(axis=0)) / np.where(deviation == 0, 1, deviation)
    wanted = posterior_mean(scaled, standard.reshape(9, 8, 8, 1))
    np.testing.assert_allclose(codes, wanted, rtol=1e-3, atol=1e-4)


def test_an_option_and_a_noise_can_be_stated(ask, run, pngs):
    clean = np.load(reconstruct(ask("reconstruct", f"input={pngs}")))["x"]
    noisy = np.load(reconstruct(ask("reconstruct", f"input={pngs}", "noise=gaussian")))["x"]
    assert clean.shape == noisy.shape == (6, 8, 8, 1)
    assert np.abs(clean - noisy).max() > 1e-3


# ---- images out ----------------------------------------------------------------------------------


def test_decode_of_encode_is_reconstruct(ask):
    made = np.load(reconstruct(ask("reconstruct", "output=made.npz")))
    encode(ask("encode", "output=codes.csv"))
    decoded = np.load(decode(ask("decode", "input=codes.csv", "output=decoded.npy")))
    np.testing.assert_allclose(decoded, made["x"], rtol=1e-5, atol=1e-6)


def test_pngs_come_back_under_their_names(ask, pngs):
    folder = reconstruct(ask("reconstruct", f"input={pngs}", "output=made"))
    found = sorted(str(p.relative_to(folder)) for p in folder.rglob("*.png"))
    assert found == [f"even/{n}.png" for n in (0, 2, 4)] + [f"odd/{n}.png" for n in (1, 3, 5)]
    arrays = np.load(reconstruct(ask("reconstruct", f"input={pngs}")))
    shown = np.asarray(Image.open(folder / "odd" / "3.png"))
    assert np.abs(shown / 255 - arrays["x"][4, ..., 0]).max() <= 0.5 / 255 + 1e-6
    one = reconstruct(ask("reconstruct", f"input={pngs}/odd/3.png", "output=one.png"))
    assert np.asarray(Image.open(one)).tobytes() == shown.tobytes()


def test_a_folder_appears_whole_or_not_at_all(ask, pngs, monkeypatch, tmp_path):
    from aecli.io import pictures

    saved = []

    def save(picture, path, original=pictures.save):
        saved.append(path)
        if len(saved) == 4:
            raise KeyboardInterrupt
        original(picture, path)

    monkeypatch.setattr(pictures, "save", save)
    with pytest.raises(KeyboardInterrupt):
        reconstruct(ask("reconstruct", f"input={pngs}", "output=made"))
    assert [p.name for p in tmp_path.iterdir()] == ["photos"]


# ---- refused -------------------------------------------------------------------------------------


BAD = {
    "input=nothere.npz": "input: nothere.npz does not exist",
    "input='dataset.path=a.npz'": "input: dataset.path=a.npz does not exist",
    "input=notes.docx": "unknown kind of file; it can be npz, npy, csv, parquet",
    "input=large.npy": "has images of 9x9x1; this run was trained on 8x8x1",
    "input=bytes.npy": "has values from 0 to 255; this run was trained on values from 0 to 1",
    "input=nan.npy": "nan",
    "input=empty": "has no image",
    "input=broken": "1 of 1 images cannot be read: broken/x.png",
    "input=text.csv": "text.csv:2",
    "output=taken.npz": "output=taken.npz exists, and is left as it is",
    "output=codes.xlsx": "it can be .npz, .csv, .parquet",
    "split=all": "split must be train, val or test",
}


@pytest.mark.parametrize("word", BAD)
def test_a_bad_request_is_one_line_and_leaves_nothing(ask, run, word, tmp_path):
    pathlib.Path("notes.docx").write_text("hello")
    np.save("large.npy", np.zeros((3, 9, 9), "uint8"))
    np.save("bytes.npy", np.full((3, 8, 8), 255.0) * np.arange(2).repeat(4)[:, None])
    np.save("nan.npy", np.full((3, 8, 8), np.nan))
    pathlib.Path("empty").mkdir()
    pathlib.Path("broken").mkdir()
    pathlib.Path("broken/x.png").write_bytes(b"\x89PNG and so on")
    pathlib.Path("text.csv").write_text("0," * 63 + "0\n" + "0," * 63 + "zero\n")
    pathlib.Path("taken.npz").write_bytes(b"mine")
    before = {p: p.stat().st_mtime_ns for p in [*tmp_path.rglob("*"), *run.folder.rglob("*")]}
    with pytest.raises(BadRequest) as error:
        encode(ask("encode", word))
    assert BAD[word] in str(error.value)
    assert len(str(error.value).splitlines()) <= 2
    after = {p: p.stat().st_mtime_ns for p in [*tmp_path.rglob("*"), *run.folder.rglob("*")]}
    assert after == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("code_0,code_1\n1,2\n", "has codes of 2 numbers; this run's have 3"),
        ("a,b\n1,2\n", "has no columns code_0, code_1"),
        ("code_0,code_1,code_2\n1,2,x\n", "codes.csv:2: a row of 3 cells is expected"),
        ("code_0,code_1,code_2\n1,2\n", "codes.csv:2: a row of 3 cells is expected"),
        ("code_0,code_1,code_2\n1,2,nan\n", "values that are not finite"),
        ("code_0,code_1,code_2\n", "has no rows of data"),
        (None, "^input: codes.csv does not exist"),
    ],
)
def test_bad_codes_are_refused(ask, content, said):
    if content is not None:
        pathlib.Path("codes.csv").write_text(content)
    with pytest.raises(BadRequest, match=said):
        decode(ask("decode", "input=codes.csv"))


def test_several_images_are_no_single_png(ask, pngs):
    with pytest.raises(BadRequest, match=r"a \.png holds one image; these are 6"):
        reconstruct(ask("reconstruct", f"input={pngs}", "output=made.png"))


def test_the_status_is_not_touched(ask, run):
    before = json.loads((run.folder / "status.json").read_text())
    encode(ask("encode"))
    assert json.loads((run.folder / "status.json").read_text()) == before
