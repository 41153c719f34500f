"""scikit-learn's table without a file: what it holds, and that files of such rows fit its runs."""

import csv
import json

import numpy as np
import pytest
from refusals import WHOLE
from sklearn.datasets import load_breast_cancer

from aecli.datasets.breast_cancer import BreastCancer
from aecli.fit.start import train

NAMES = {"model": "ae", "dataset": "breast_cancer", "noise": "none", "experiment": None}


def test_the_table_is_scikit_learns():
    data = load_breast_cancer()
    source = BreastCancer().read()
    assert source.train.x.shape == (569, 1, 30, 1)
    np.testing.assert_array_equal(source.train.x[:, 0, :, 0], data.data.astype("float32"))
    assert source.label_names == ("malignant", "benign")
    assert np.bincount(source.train.labels).tolist() == [212, 357]
    splits = BreastCancer(**WHOLE).load()
    assert splits.spec.kind == "table"
    assert list(splits.spec.names) == data.feature_names.tolist()
    found = splits.train.x[:, 0, :, 0].astype("float64")
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(found.std(axis=0), 1, atol=1e-4)


def test_classes_by_name():
    splits = BreastCancer(classes=["benign"]).load()
    assert np.unique(splits.train.labels).tolist() == [1]


@pytest.fixture(scope="module")
def run(compose, tmp_path_factory):
    folder = tmp_path_factory.mktemp("breast_cancer")
    words = [
        "dataset=breast_cancer", "dataset.classes=[benign]", "loss=mse", "trainer.epochs=25",
        "trainer.jit_compile=false", f"outputs={folder}", "figures=[]",
    ]  # fmt: skip
    return train(compose(*words), NAMES, words).folder


def written(path, columns, label=None):
    """A CSV of scikit-learn's rows; label: (name, [N])."""
    data = load_breast_cancer()
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*data.feature_names[columns], *([label[0]] if label else [])])
        for i, row in enumerate(data.data[:, columns].tolist()):
            writer.writerow([*row, *([label[1][i]] if label else [])])


def scores(typed, run, path=None) -> list[dict[str, str]]:
    output = run / f"scores_{path and path.stem}.csv"
    words = [f"input={path}"] if path else []
    code, said = typed("detect", f"run={run}", f"output={output}", *words)
    assert code == 0, said
    with output.open(newline="") as file:
        return list(csv.DictReader(file))


def test_detect_tells_malignant_ones_beside_pca(typed, run):
    code, said = typed("detect", f"run={run}", "--json")
    assert code == 0, said
    values = json.loads(said[said.index("{\n") : said.rindex("}") + 1])
    assert values["normal"] == ["benign"]
    assert values["auroc"] > 0.85
    (pca,) = (row for name, row in values["baselines"].items() if name.startswith("PCA"))
    assert pca["auroc"] > 0.85
    assert values["auroc"] > pca["auroc"] - 0.05


def test_files_of_such_rows_have_the_same_scores_in_any_order_of_columns(typed, run, tmp_path):
    data = load_breast_cancer()
    texts = data.target_names[data.target]
    order = np.random.default_rng(0).permutation(30)
    written(tmp_path / "plain.csv", np.arange(30))
    written(tmp_path / "frame.csv", np.arange(30), ("target", data.target))  # scikit-learn's own
    written(tmp_path / "shuffled.csv", order, ("label", texts))
    names = ("plain.csv", "frame.csv", "shuffled.csv")
    found = {name: scores(typed, run, tmp_path / name) for name in names}
    plain, frame, shuffled = ([row["score"] for row in found[name]] for name in names)
    assert plain == frame == shuffled
    labels = [[row["label"] for row in found[name]] for name in names[1:]]
    assert labels[0] == labels[1] == texts.tolist()
    own = scores(typed, run)  # of the test split, every class
    assert len(own) == 118
    assert {(row["score"], row["label"]) for row in own} <= {
        (row["score"], row["label"]) for row in found["frame.csv"]
    }
