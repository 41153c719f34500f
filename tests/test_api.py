"""aecli.train, aecli.load and the Run: what a Python session sees, and that it is the command's."""

import json
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

import aecli
from aecli import runs

SHORT = ("trainer.epochs=1", "trainer.threads=1", "figures=[]", "metrics=[pixels]", "seed=3")
PAGE = pathlib.Path(__file__).parents[1] / "docs" / "python.md"


@pytest.fixture(scope="module")
def digits():
    from sklearn.datasets import load_digits

    found = load_digits()
    return (found.images[:300] * 15).astype("uint8"), found.target[:300]


@pytest.fixture(scope="module")
def run(digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("api")
    x, y = digits
    return aecli.train(x, *SHORT, model="vae", labels=y, outputs=folder, verbose=0)


def same_weights(one, other) -> bool:
    pairs = zip(one.model.get_weights(), other.model.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def test_words_and_arrays_give_the_weights_of_the_command(run, digits, typed):
    x, y = digits
    np.savez("own.npz", x=x, y=y)
    assert typed("train", "model=vae", "dataset=npz", "dataset.path=own.npz", *SHORT)[0] == 0
    by_command = runs.find()
    in_words = aecli.train("own.npz", *SHORT, model="vae", folder="words", verbose=0)
    assert same_weights(by_command, in_words)
    assert same_weights(by_command, run)


def test_what_it_makes_is_what_the_commands_write(run, digits, typed):
    x, _ = digits
    np.savez("x.npz", x=x[:20])
    words = (f"run={run.folder}", "input=x.npz")
    for command in ("encode", "reconstruct"):
        assert typed(command, *words, f"output={command}.npz")[0] == 0
    codes = run.encode(x[:20])
    np.testing.assert_array_equal(codes, np.load("encode.npz")["code"])
    made = np.load("reconstruct.npz")["x"]
    again = run.reconstruct(x[:20])
    assert again.shape == x[:20].shape
    np.testing.assert_allclose(again, made[..., 0] * 255, rtol=1e-6)
    np.testing.assert_allclose(run.reconstruct(x[:20] / 255), made[..., 0], rtol=1e-5)
    np.testing.assert_allclose(run.decode(codes), made * 255, rtol=1e-5)
    assert typed("generate", f"run={run.folder}", "n=4", "output=g.npz")[0] == 0
    np.testing.assert_allclose(run.generate(4), np.load("g.npz")["x"] * 255, rtol=1e-6)
    assert typed("detect", *words, "output=d.npz")[0] == 0
    found = run.detect(x[:20])
    np.testing.assert_allclose(found.scores, np.load("d.npz")["score"], rtol=1e-6)
    verdicts = np.load("d.npz")["verdict"]
    assert found.is_anomalous.tolist() == (verdicts == "anomalous").tolist()


def test_the_longer_methods_are_what_the_commands_write(run, digits, typed):
    x, y = digits
    np.savez("x.npz", x=x[:20])
    words = (f"run={run.folder}", "input=x.npz")
    noise = ("noise=gaussian", "noise.stddev=0.2")
    assert typed("denoise", *words, *noise, "output=d.npz", "json=true")[0] == 0
    found, file = run.denoise(x[:20], noise="gaussian", stddev=0.2), np.load("d.npz")
    assert found.x.shape == found.noisy.shape == x[:20].shape
    np.testing.assert_allclose(found.x, file["x"][..., 0] * 255, rtol=1e-4)
    np.testing.assert_allclose(found.noisy, file["noisy"][..., 0] * 255, rtol=1e-4, atol=1e-4)
    again = run.denoise(found.noisy / 255, clean=x[:20])
    np.testing.assert_allclose(again.x, found.x / 255, rtol=1e-3)
    assert again.metrics["denoised"] == pytest.approx(found.metrics["denoised"], rel=1e-4)
    assert again.figure(width="single").get_figwidth() == pytest.approx(3.5)

    way, ends = run.interpolate(x[[3, 8]], steps=3), run.decode(run.encode(x[[3, 8]]))
    np.testing.assert_allclose(way[[0, 2]], ends, rtol=1e-5)
    moved = run.traverse(n_dims=1, steps=3, span=2)
    assert moved.x.shape == (1, 3, 8, 8, 1)
    first = int(moved.units["unit"][0][2:-1])
    codes = np.repeat(run.encode(run._run.splits.test.x[:]).mean(0, keepdims=True), 3, axis=0)
    codes[:, first] = moved.at
    np.testing.assert_allclose(moved.x[0], run.decode(codes), rtol=1e-3)

    assert typed("probe", words[0], "labels_per_class=[5]", "draws=1")[0] == 0
    told = run.probe(labels_per_class=[5], draws=1)
    written = max((run.folder / "eval").iterdir()) / "metrics.json"
    assert told.rows == json.loads(written.read_text())["rows"]
    texts = np.array(["low", "high"])[(y > 4).astype(int)]
    few = {"labels_per_class": 5, "epochs": 1, "frozen_epochs": 1, "steps_per_epoch": 0}
    tuned = run.finetune((x[:200], texts[:200]), test=(x[200:], texts[200:]), **few)
    assert tuned.labels == ["high", "low"]
    right = np.mean(tuned.predict(x[200:]) == texts[200:])
    assert right == pytest.approx(tuned.metrics["pretrained"]["test_accuracy"])


def test_figures_metrics_history_and_config_are_plain(run):
    from matplotlib.figure import Figure

    again = aecli.load(run.folder)
    assert again.evaluate(metrics="pixels")["mse"] == pytest.approx(again.metrics["mse"])
    assert again.history["epoch"] == [1]
    assert again.config["trainer"]["epochs"] == 1
    assert type(again.config) is dict
    assert isinstance(again.figure("loss_curve"), Figure)
    assert ".npz, done, 1 epoch" in repr(again)
    assert "<table>" in again._repr_html_()


def test_a_run_on_an_array_is_resumed(run):
    longer = aecli.train(resume=str(run.folder), epochs=2, verbose=0)
    assert longer.status["epochs_done"] == 2


def test_frames_go_in_and_come_out(tmp_path):
    import pandas as pd

    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.normal(50, 9, 60), "kind": ["a", "b", "c"] * 20})
    run = aecli.train(frame, *SHORT, latent_dim=1, outputs=tmp_path, verbose=0)
    made = run.reconstruct(frame)
    assert list(made.columns) == ["size", "kind"]
    assert 20 < made["size"].mean() < 80
    assert set(made["kind"]) <= {"a", "b", "c"}
    assert list(run.generate(2).columns) == ["size", "kind"]
    with pytest.raises(aecli.BadRequest, match="lacks kind"):
        run.encode(frame[["size"]])


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (lambda: aecli.train("modle=vae"), "unknown key 'modle': did you mean 'model'"),
        (lambda: aecli.train(modle="vae"), "unknown keyword 'modle'"),
        (lambda: aecli.train(np.zeros(5)), "has shape"),
        (lambda: aecli.train(np.array(["a"])), "not numbers"),
        (lambda: aecli.train(np.ones((9, 4)), "-m"), "command line"),
        (lambda: aecli.train(labels=[1]), "belong to X"),
        (lambda: aecli.load("nowhere"), "does not exist"),
        (
            lambda: aecli.train(np.ones((9, 4)), validation=0.1, validation_data=np.ones((3, 4))),
            "are one thing",
        ),
        (
            lambda: aecli.train(
                np.ones((9, 4)), validation_data=np.ones((3, 4)), test=np.ones((3, 4))
            ),
            "are both data",
        ),
    ],
)
def test_errors_are_one_line_and_nothing_is_left(ask, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(aecli.BadRequest, match=text) as caught:
        ask()
    assert caught.value.__suppress_context__
    assert not list(tmp_path.rglob("*.npz"))


def test_a_wrong_shape_or_unit_is_told_in_a_line(run, digits):
    x, _ = digits
    with pytest.raises(aecli.BadRequest, match=r"X has the shape \(8, 8\).*\n.*x\[None\]"):
        run.encode(x[0])
    with pytest.raises(aecli.BadRequest, match="trained on bytes"):
        run.encode(x * 300.0)
    with pytest.raises(aecli.BadRequest, match="two examples"):
        run.interpolate(x[:3])
    with pytest.raises(aecli.BadRequest, match="train is a pair"):
        run.probe(x)
    with pytest.raises(aecli.BadRequest, match=r"folder=.* exists"):
        run.export(run.folder)
    with pytest.raises(aecli.BadRequest, match="did you mean 'manifold'"):
        run.figure("manifld")


def test_importing_is_silent_and_training_too(tmp_path):
    """In a fresh process: no TensorFlow on import, no chatter ever, and Keras knows our classes."""
    code = (
        "import aecli, sys; assert 'tensorflow' not in sys.modules\n"
        f"run = aecli.train('dataset=digits', {', '.join(map(repr, SHORT))}, dataset=None)\n"
        "import keras\n"
        "keras.models.load_model(run.folder / 'checkpoints' / 'best.keras')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"epoch 1/1 .*\n", done.stderr)


def test_a_notebook_shows_a_figure_as_a_picture(run):
    assert run.figure("loss_curve")._repr_png_().startswith(b"\x89PNG")
