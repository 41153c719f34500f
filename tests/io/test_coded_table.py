"""Rows with categories and gaps: raw in, raw out, by every command and every exported model."""

import csv
import importlib.util
import sys

import keras
import numpy as np
import pytest
from cli_script import run

from aecli import runs
from aecli.errors import BadRequest
from aecli.fit.start import train
from aecli.io import formats

NAMES = {"model": "ae", "dataset": "table", "noise": "none", "experiment": None}
HEADER = ["who", "age", "sex", "fare", "port", "kind"]
SEXES, PORTS = ["female", "male"], ["C", "Q", "S"]


def rows(n: int, seed: int) -> list[list]:
    """Age and fare hang together, and the port on the sex; some ages and ports are missing."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(n):
        sex, z = rng.integers(2), rng.normal()
        port = PORTS[2 * sex] if rng.random() < 0.8 else PORTS[1]
        age = f"{40 + 10 * z:.1f}" if rng.random() > 0.15 else ""
        cells = [age, SEXES[sex], f"{1000 + 300 * z:.2f}", port if rng.random() > 0.1 else "NA"]
        found.append([f"p{seed}-{i}", *cells, "yz"[sex]])
    return found


def written(path, found, columns=range(6)):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([HEADER[i] for i in columns])
        writer.writerows([[row[i] for i in columns] for row in found])


def read(path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def home(compose, tmp_path_factory):
    folder = tmp_path_factory.mktemp("coded")
    written(folder / "train.csv", rows(300, 0))
    words = [
        "dataset=table", f"dataset.path={folder}/train.csv", "dataset.label_column=kind",
        "dataset.id_column=who", "dataset.missing=indicator", "loss=mse", "trainer.epochs=30",
        "trainer.jit_compile=false", "trainer.batch_size=32", "model=vae", "model.latent_dim=3",
        "model.beta=0.02", f"outputs={folder}", "figures=[]", "network.widths=[16]",
        "optimizer.learning_rate=0.01",
    ]  # fmt: skip
    trained = train(compose(*words), NAMES, words).folder
    written(folder / "new.csv", rows(40, 1), (4, 3, 2, 1, 0))  # no label, another order
    return folder, trained


@pytest.fixture(scope="module")
def raw(home) -> np.ndarray:
    """new.csv as [N, D] float32: a category is its position, a gap NaN."""
    found = []
    for row in read(home[0] / "new.csv"):
        age = np.nan if row["age"] == "" else float(row["age"])
        port = np.nan if row["port"] == "NA" else PORTS.index(row["port"])
        found.append([age, SEXES.index(row["sex"]), float(row["fare"]), port])
    return np.array(found, "float32")


def asked(typed, home, command: str, *words: str) -> list[dict[str, str]]:
    folder, run = home
    output = folder / f"{command}.csv"
    output.unlink(missing_ok=True)
    given = [] if command == "generate" else [f"input={folder}/new.csv"]
    code, said = typed(command, f"run={run}", *given, f"output={output}", *words)
    assert code == 0, said
    return read(output)


@pytest.fixture(scope="module")
def numbers(home, raw):
    """{codes, made} of new.csv, by the run."""
    model = runs.Run(home[1]).model
    return {"codes": model.raw.encode(raw), "made": model.raw.reconstruct(raw)}


def test_codes_with_ids(typed, home, numbers):
    found = asked(typed, home, "encode")
    assert [row["id"] for row in found] == [f"p1-{i}" for i in range(40)]
    codes = [[float(row[f"code_{i}"]) for i in range(3)] for row in found]
    np.testing.assert_allclose(codes, numbers["codes"], rtol=1e-5, atol=1e-6)


def test_reconstructions_in_the_file_s_own_words(typed, home, numbers, raw):
    found = asked(typed, home, "reconstruct")
    assert [*found[0]] == ["id", "age", "sex", "fare", "port"]
    made = [[float(r["age"]), SEXES.index(r["sex"]), float(r["fare"]), PORTS.index(r["port"])]
            for r in found]  # fmt: skip
    np.testing.assert_allclose(made, numbers["made"], rtol=1e-5)
    assert (numbers["made"][:, 1] == raw[:, 1]).mean() > 0.9
    assert abs(numbers["made"][:, 2] - raw[:, 2]).mean() < 150
    again = home[0] / "again.csv"
    again.unlink(missing_ok=True)
    words = (f"run={home[1]}", f"input={home[0]}/reconstruct.csv", f"output={again}")
    code, said = typed("reconstruct", *words)
    assert code == 0, said  # what was written is read


def test_new_rows(typed, home):
    found = asked(typed, home, "generate", "n=50")
    assert {row["sex"] for row in found} == set(SEXES)
    assert {row["port"] for row in found} <= set(PORTS)
    fares = np.array([float(row["fare"]) for row in found])
    assert 700 < fares.mean() < 1300


def test_scores_of_rows(typed, home):
    found = asked(typed, home, "detect")
    assert [row["id"] for row in found] == [f"p1-{i}" for i in range(40)]
    assert {row["feature_1"] for row in found} <= {"age", "sex", "fare", "port"}
    shares = [sum(float(row[f"share_{i}"]) for i in range(1, 4)) for row in found]
    assert all(0 < share <= 1.00001 for share in shares)


def test_ways_between_rows(typed, home):
    code, said = typed("interpolate", f"run={home[1]}", f"input={home[0]}/new.csv", "steps=5")
    assert code == 0, said
    found = read(next(home[1].glob("eval/*/interpolation.csv")))
    assert [row["path"] for row in found] == ["input"] * 2 + ["linear"] * 5
    assert {row["sex"] for row in found} <= set(SEXES)
    code, said = typed("traverse", f"run={home[1]}", f"input={home[0]}/new.csv", "steps=5")
    assert code == 0, said
    found = read(next(home[1].glob("eval/*/traversal.csv")))
    assert [*found[0]] == ["unit", "at", "age", "sex", "fare", "port"]
    assert len(found) == 15


def test_plain_keras_takes_raw_rows(home, raw, numbers):
    plain = keras.models.load_model(home[1] / "checkpoints" / "best.keras")
    np.testing.assert_allclose(plain.raw.encode(raw), numbers["codes"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(plain.raw.reconstruct(raw), numbers["made"], rtol=1e-5)


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_plain_keras_takes_data_frames_by_name(home, raw, numbers, package):
    kind = pytest.importorskip(package).DataFrame
    plain = keras.models.load_model(home[1] / "checkpoints" / "best.keras")
    found = read(home[0] / "new.csv")  # texts, its columns in another order
    cells = {
        name: [None if row[name] in ("", "NA") else row[name] for row in found]
        for name in ("port", "fare", "sex", "age")
    }
    for name in ("fare", "age"):
        cells[name] = [None if cell is None else float(cell) for cell in cells[name]]
    np.testing.assert_allclose(
        plain.raw.encode(kind(cells)), numbers["codes"], rtol=1e-5, atol=1e-6
    )
    made = plain.raw.reconstruct(kind(cells))
    assert isinstance(made, kind)
    assert [*made.columns] == ["age", "sex", "fare", "port"]
    np.testing.assert_allclose(made["fare"].to_numpy(), numbers["made"][:, 2], rtol=1e-5)
    assert [*made["sex"]] == [SEXES[int(place)] for place in numbers["made"][:, 1]]
    for wrong, words in (
        ({"port": cells["port"], "age": cells["age"]}, "lacks sex, fare of the training's"),
        ({**cells, "cabin": cells["age"]}, "has cabin, which the training had not"),
        (
            {**cells, "sex": ["other"] * 40},
            "'sex' has 'other' in row 1, which the training had not",
        ),
        ({**cells, "age": ["old"] * 40}, "'age' of the frame holds no numbers"),
    ):
        with pytest.raises(BadRequest, match=words):
            plain.raw.encode(kind(wrong))


@pytest.mark.parametrize("format", ["keras", "onnx", "litert"])
def test_exported_models_take_raw_rows(typed, home, raw, numbers, format):
    kind = formats.FORMATS[format]
    if not all(importlib.util.find_spec(package) for package in kind.packages):
        pytest.skip("pip install 'aecli[export]'")
    folder = home[0] / format
    code, said = typed("export", f"run={home[1]}", f"format={format}", f"output={folder}")
    assert code == 0, said
    loaded = run([sys.executable, "load.py"], folder)
    assert loaded.returncode == 0, loaded.stderr
    assert "rows (2, 4)" in loaded.stdout
    found = {
        name: kind.open(folder / f"{name}{kind.suffix}") for name in ("encoder", "autoencoder")
    }
    codes, made = found["encoder"](raw), found["autoencoder"](raw)
    np.testing.assert_allclose(codes, numbers["codes"], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(made, numbers["made"], rtol=1e-4, atol=1e-3)
    assert (np.isnan(raw).sum(axis=0) > 0).tolist() == [True, False, False, True]
