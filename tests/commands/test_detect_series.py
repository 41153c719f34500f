"""Commands on series: detect on a recording point by point, and files in and out."""

import csv
import json
import os
import pathlib
import sys

import numpy as np
import pytest
from cli_script import run as in_fresh_process
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from aecli import runs

SMALL = ["loss=mse", "trainer.epochs=2", "figures=[reconstructions]"]


def write_recording(path, points: int, bad: slice | None) -> np.ndarray:
    """A sine in volts about 50, 10 higher where it is bad; returns whether a point is."""
    t = np.arange(points)
    is_bad = np.zeros(points, int)
    value = 50 + 5 * np.sin(2 * np.pi * t / 20) + 0.1 * np.random.default_rng(0).normal(size=points)
    if bad is not None:
        is_bad[bad] = 1
        value[bad] += 10
    rows = [f"{i},{v},{b}" for i, v, b in zip(t, value, is_bad, strict=True)]
    path.write_text("\n".join(["timestamp,value,is_anomaly", *rows]))
    return is_bad


def newest(name: str) -> pathlib.Path:
    return max(pathlib.Path("outputs").glob(f"*/*/eval/*/{name}"), key=lambda p: p.stat().st_mtime)


def columns(path) -> dict[str, np.ndarray]:
    with path.open() as stream:
        rows = list(csv.DictReader(stream))
    return {key: np.array([row[key] for row in rows]) for key in rows[0]}


@pytest.fixture
def trained(typed, tmp_path):
    write_recording(tmp_path / "train.csv", 600, None)
    is_bad = write_recording(tmp_path / "test.csv", 400, slice(200, 230))
    words = ["dataset=series", "dataset.path=train.csv", "dataset.test_path=test.csv"]
    code, said = typed("train", *words, "dataset.window=20", "network=mlp", *SMALL)
    assert code == 0, said
    return is_bad


def test_detect_scores_the_points_of_a_recording(typed, trained):
    code, said = typed("detect")
    assert code == 0, said
    assert "best F1 of all thresholds" in said
    found, windows = columns(newest("points.csv")), columns(newest("scores.csv"))
    values = json.loads(newest("metrics.json").read_text())
    of_windows = windows["score"].astype(float)
    starts = np.arange(381)
    for point in (0, 5, 210, 399):
        held = of_windows[(starts <= point) & (point < starts + 20)]
        assert float(found["score"][point]) == pytest.approx(held.mean(), rel=1e-5)
    scores, told = found["score"].astype(float), values["points"]
    np.testing.assert_array_equal(found["label"].astype(int), trained)
    assert told["points"] == 400
    assert told["anomalous_points"] == 30
    assert told["auroc"] == pytest.approx(roc_auc_score(trained, scores))
    assert told["average_precision"] == pytest.approx(average_precision_score(trained, scores))
    best = max(f1_score(trained, scores >= limit) for limit in np.unique(scores))
    assert told["best_f1"] == pytest.approx(best)
    at_best = f1_score(trained, scores >= told["best_f1_threshold"])
    assert at_best == pytest.approx(best)
    assert told["auroc"] > 0.9
    others = ["PCA, 8 components", "isolation forest", "local outlier factor"]
    assert list(told["baselines"]) == others
    limit = values["threshold"]
    np.testing.assert_array_equal(found["verdict"] == "anomalous", scores > limit)
    assert newest("points.png").stat().st_size > 10_000


def test_detect_on_a_new_recording_without_labels(typed, trained, tmp_path):
    """The same points have the same scores; nothing is said of how right they are."""
    typed("detect")
    before = columns(newest("points.csv"))
    lines = (tmp_path / "test.csv").read_text().splitlines()
    (tmp_path / "new.csv").write_text("\n".join(line.rpartition(",")[0] for line in lines))
    for name in ("train.csv", "test.csv"):
        (tmp_path / name).unlink()
    code, said = typed("detect", "input=new.csv")
    assert code == 0, said
    after = columns(newest("points.csv"))
    assert set(after) == {"point", "score", "verdict"}
    np.testing.assert_allclose(
        after["score"].astype(float), before["score"].astype(float), rtol=1e-4
    )


def test_files_come_back_in_their_units_and_as_long_as_they_were(typed, tmp_path):
    x = 50 + 5 * np.random.default_rng(0).normal(size=(100, 9, 2))
    x[::3, 6:] = np.nan
    np.save(tmp_path / "x.npy", x)
    words = ["dataset=series", "dataset.path=x.npy", "network=lstm", "network.units=8"]
    code, said = typed("train", *words, *SMALL)
    assert code == 0, said
    (found,) = runs.list_runs()
    assert found.state == "done"
    code, said = typed("reconstruct", "input=x.npy", "output=made.npz")
    assert code == 0, said
    made = np.load(tmp_path / "made.npz")["x"]
    np.testing.assert_array_equal(np.isnan(made[:, 0]), np.isnan(x))
    assert 30 < np.nanmean(made) < 70
    for command in ("encode", "generate", "detect", "eval"):
        code, said = typed(command)
        assert code == 0, said
        assert "failed" not in said
    code, said = typed("encode", "output=codes.csv")
    assert code == 0, said
    code, said = typed("decode", "input=codes.csv", "output=decoded.npz")
    assert np.isfinite(np.load(tmp_path / "decoded.npz")["x"]).all()


def test_any_network_takes_series_of_unequal_lengths_and_lstm_no_images(typed, tmp_path):
    x = np.random.default_rng(0).normal(size=(100, 8))
    x[::2, 5:] = np.nan
    np.save(tmp_path / "x.npy", x)
    words = ["dataset=series", "dataset.path=x.npy", "network=conv", "network.filters=[4]"]
    code, said = typed("train", *words, *SMALL)
    assert code == 0, said
    assert "nan" not in said
    code, said = typed("train", "network=lstm")
    assert code == 2
    assert "network=lstm takes series, and these are images of 8x8x1" in said


LOAD = """
import sys
import aecli, keras
import numpy as np

model = keras.models.load_model(sys.argv[1])
made = np.load("made.npz")["x"]
x = np.load("x.npy").reshape(made.shape)
np.testing.assert_allclose(model.raw.reconstruct(x), made, rtol=1e-4, atol=1e-4)
"""


@pytest.mark.parametrize(
    "network",
    [
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("lstm", "gru", "transformer")),
        "conv1d",
    ],
)
def test_exports_and_plain_keras_give_the_numbers_of_the_command_line(typed, tmp_path, network):
    x = 50 + 5 * np.random.default_rng(0).normal(size=(100, 9, 2))
    np.save(tmp_path / "x.npy", x)
    words = ["dataset=series", "dataset.path=x.npy", f"network={network}", *SMALL]
    assert typed("train", *words)[0] == 0
    for kind in ("keras", "saved_model"):
        code, said = typed("export", f"format={kind}", f"output=as_{kind}")
        assert code == 0, said
    assert typed("reconstruct", "input=x.npy", "output=made.npz")[0] == 0
    (best,) = pathlib.Path("outputs").glob("*/*/checkpoints/best.keras")
    if network in ("conv1d", "transformer"):  # a process costs seconds
        done = in_fresh_process([sys.executable, "-c", LOAD, str(best.absolute())], tmp_path)
        assert done.returncode == 0, done.stderr


def recordings(folder: str, *names: str) -> list[pathlib.Path]:
    place = pathlib.Path(os.environ.get("AECLI_DATA_DIR", "/nowhere"), "series", folder)
    files = [place / name for name in names]
    if not all(file.is_file() for file in files):
        pytest.skip(f"{names[0]} is not in AECLI_DATA_DIR")
    return files


def told_of(typed, train, test, *words: str) -> dict:
    """What detect says of the points of `test`, by a run on `train`."""
    data = ["dataset=series", f"dataset.path={train}", f"dataset.test_path={test}"]
    code, said = typed("train", *data, "loss=mse", "figures=[]", "network=conv1d", *words)
    assert code == 0, said
    assert typed("detect")[0] == 0
    return json.loads(newest("metrics.json").read_text())["points"]


def test_the_ecg_is_told_from_its_anomalies(typed):
    files = recordings("", "ecg-diff-count-3_TRAIN_NA.csv", "ecg-diff-count-3_TEST.csv")
    words = ["dataset.window=100", "dataset.stride=10", "trainer.epochs=10"]
    told = told_of(typed, *files, *words)
    assert (told["points"], told["anomalous_points"]) == (10_000, 300)
    assert told["auroc"] > 0.98
    assert told["auroc"] > told["baselines"]["isolation forest"]["auroc"]


def test_internal_bleeding_is_told_from_its_twelve_anomalous_points(typed, tmp_path):
    name = "135_UCR_Anomaly_InternalBleeding16"
    train, test = recordings("KDD-TSAD_135", f"{name}_TRAIN.csv", f"{name}_TEST.csv")
    head, *lines = test.read_text().splitlines()
    (tmp_path / "test.csv").write_text("\n".join([head, *lines[1200:]]))  # it starts with train
    words = ["dataset.window=60", "dataset.stride=2", "trainer.epochs=15"]
    told = told_of(typed, train, "test.csv", *words, "optimizer.learning_rate=0.003")
    assert told["anomalous_points"] == 12
    assert told["auroc"] > 0.99
    assert told["best_f1"] > 0.5
    assert told["auroc"] > told["baselines"]["isolation forest"]["auroc"]
