"""aecli probe: accuracies against a pipeline of scikit-learn's, made by hand."""

import json

import keras
import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from aecli import runs
from aecli.commands import probe as command
from aecli.commands.probe import probe
from aecli.errors import BadRequest
from aecli.fit.start import train
from aecli.metrics.probe_curve import Labelled, curve, feature_sets
from aecli.metrics.probing import draw_rows, probe_accuracy

NAMES = {"model": "ae", "dataset": "digits", "noise": "none", "experiment": None}
WORDS = ["model.latent_dim=6", "trainer.epochs=3", "trainer.jit_compile=false", "figures=[]"]


def trained(compose, root, *words: str) -> runs.Run:
    words = [*WORDS, *words, f"outputs={root}"]
    return train(compose(*words), NAMES, words)


@pytest.fixture(scope="module")
def run(compose, tmp_path_factory) -> runs.Run:
    return trained(compose, tmp_path_factory.mktemp("runs"), "noise=masking")


@pytest.fixture(scope="module")
def done(compose, run):
    """-> what aecli probe writes of 5 and 20 labels a class."""
    words = ["labels_per_class=[20,5,5000]", "draws=3", "train_images=300", "seed=4"]
    return probe(compose(f"run={run.folder}", *words, command="probe"))


def by_hand(train_x, train_labels, test_x, test_labels) -> dict[str, float]:
    mean, stddev = train_x.mean(0), train_x.std(0)
    stddev[stddev == 0] = 1
    logistic = LogisticRegression(max_iter=1000).fit((train_x - mean) / stddev, train_labels)
    nearest = KNeighborsClassifier().fit(train_x, train_labels)
    return {
        "logistic_accuracy": logistic.score((test_x - mean) / stddev, test_labels),
        "knn_accuracy": nearest.score(test_x, test_labels),
    }


def test_probe_accuracy_is_that_of_a_pipeline_made_by_hand(images):
    from sklearn.datasets import load_digits

    x, labels = images.reshape(200, -1), load_digits().target[:200]
    found = probe_accuracy(images[:120], labels[:120], images[120:], labels[120:], seed=0)
    expected = by_hand(x[:120], labels[:120], x[120:], labels[120:])
    assert found == pytest.approx(expected, abs=1e-9)
    assert 0.7 < found["logistic_accuracy"] < 1
    shuffled = np.random.default_rng(0).permutation(labels[:120])
    assert probe_accuracy(x[:120], shuffled, x[120:], labels[120:])["logistic_accuracy"] < 0.4


def test_neighbours_are_those_that_there_are():
    x = np.array([[0.0], [1.0], [10.0]])
    found = probe_accuracy(x, np.array([0, 0, 1]), np.array([[0.4], [9.0]]), np.array([0, 1]))
    assert found["knn_accuracy"] == 0.5  # all three vote


def test_a_draw_has_as_many_of_each_label():
    labels = np.repeat([3, 5, 9], [40, 20, 30])
    rows = draw_rows(labels, 20, (0, 1))
    assert len(set(rows)) == 60
    assert np.unique(labels[rows], return_counts=True)[1].tolist() == [20, 20, 20]
    assert rows.tolist() == draw_rows(labels, 20, (0, 1)).tolist()
    assert rows.tolist() != draw_rows(labels, 20, (0, 2)).tolist()
    assert rows.tolist() != sorted(rows)


def test_the_features_are_codes_pixels_and_pca_of_clean_images(run):
    x = run.splits.train.pixels(), run.splits.test.pixels()
    sets = feature_sets(run.model, *x)
    model = keras.models.load_model(run.folder / "checkpoints" / "best.keras")
    pca = PCA(6).fit(x[0].reshape(len(x[0]), -1))
    for images, found in zip(x, sets, strict=True):
        assert list(found) == ["code, 6 numbers", "pixels", "PCA, 6 components"]
        flat = images.reshape(len(images), -1)
        expected = model.encoder.predict(images, verbose=0)["z"]
        np.testing.assert_allclose(found["code, 6 numbers"], expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(found["pixels"], flat)
        distances = np.abs(found["PCA, 6 components"]) - np.abs(pca.transform(flat))
        assert np.abs(distances).max() < 1e-3


def test_the_table_is_that_of_the_classifiers_on_the_images_drawn(run, done):
    _, values, folder = done
    assert json.loads((folder / "metrics.json").read_text()) == values
    assert (folder / "probe.png").stat().st_size > 0
    rows = {(row["features"].split(",")[0], row["labels_per_class"]): row for row in values["rows"]}
    assert len(rows) == len(values["rows"]) == 9  # 5000 labels a class are not there
    train, test = run.splits.train, run.splits.test
    sides = [
        [split.pixels().reshape(len(split), -1) for split in (train, test)],
        [run.model.encode(split.pixels()) for split in (train, test)],
    ]
    for name, (train_x, test_x) in zip(("pixels", "code"), sides, strict=True):
        drawn = [draw_rows(train.labels, 5, (4, 5, i)) for i in range(3)]
        found = [by_hand(train_x[r], train.labels[r], test_x, test.labels) for r in drawn]
        few = rows[name, 5]
        assert (few["labels"], few["draws"]) == (50, 3)
        for method in ("logistic_accuracy", "knn_accuracy"):
            accuracies = [one[method] for one in found]
            assert few[method] == pytest.approx(np.mean(accuracies), abs=1e-3)
            spread = np.sqrt(np.sum((accuracies - np.mean(accuracies)) ** 2) / 2)
            assert few[f"{method}_std"] == pytest.approx(spread, abs=1e-3)
        many = rows[name, None]
        assert (many["labels"], many["draws"], many["knn_accuracy_std"]) == (300, 1, None)
        assert many["logistic_accuracy"] > few["logistic_accuracy"]


def test_without_a_limit_the_last_row_has_every_label():
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 2
    x = rng.normal(size=(60, 3)) + 3 * labels[:, None]
    (row,) = curve(Labelled({"x": x}, labels), Labelled({"x": x}, labels), [], 5, 0)
    assert row["labels"] == 60
    assert row["logistic_accuracy"] == by_hand(x, labels, x, labels)["logistic_accuracy"]


def test_what_is_printed(compose, run, done, capsys, monkeypatch):
    monkeypatch.setattr(command, "probe", lambda cfg: done)
    command.main(compose(f"run={run.folder}", command="probe"))
    shown = capsys.readouterr()
    row = done[1]["rows"][0]
    mean, std = (100 * row[key] for key in ("logistic_accuracy", "logistic_accuracy_std"))
    assert f"{mean:.2f} % ± {std:.2f}" in shown.out
    assert "300 in all" in shown.out
    command.main(compose(f"run={run.folder}", "json=true", command="probe"))
    assert json.loads(capsys.readouterr().out) == done[1]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["labels_per_class=[0]"], r"labels_per_class must be greater than or equal to 1"),
        (["labels_per_class=10"], "labels_per_class must be .*list"),
        (["draws=0"], "draws must be"),
        (["train_images=0"], "train_images must be"),
        (["dataset=digits", "dataset.classes=[3]"], "two labels at least.* have one, 3"),
    ],
)
def test_a_wrong_word_is_refused_before_anything_is_written(compose, run, words, text):
    there = set(run.folder.rglob("*"))
    with pytest.raises(BadRequest, match=text):
        probe(compose(f"run={run.folder}", *words, command="probe"))
    assert set(run.folder.rglob("*")) == there


def test_images_without_labels_are_refused(compose, run, images, tmp_path):
    np.save(tmp_path / "x.npy", images)
    words = ["dataset=npz", f"dataset.path={tmp_path / 'x.npy'}"]
    with pytest.raises(BadRequest, match=r"needs labels, and the train images of .* have none"):
        probe(compose(f"run={run.folder}", *words, command="probe"))
