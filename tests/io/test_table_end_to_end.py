"""A table from the shell's words to its rows: scikit-learn's breast_cancer, trained on benign."""

import csv
import json

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import roc_auc_score

from aecli.fit.start import train
from aecli.metrics.detection import features

NAMES = {"model": "ae", "dataset": "table", "noise": "none", "experiment": None}


def table(path, rows, columns, labelled=True):
    data = load_breast_cancer()
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        label = ["diagnosis"] if labelled else []
        writer.writerow([*label, *data.feature_names[columns]])
        for row in rows:
            label = [data.target_names[data.target[row]]] if labelled else []
            writer.writerow([*label, *data.data[row, columns].tolist()])


def read(path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def home(compose, tmp_path_factory):
    folder = tmp_path_factory.mktemp("table")
    rng = np.random.default_rng(0)
    order = rng.permutation(569)
    table(folder / "train.csv", order[:400], range(30))
    table(folder / "new.csv", order[400:], range(30))
    table(folder / "unlabelled.csv", order[400:], range(30), labelled=False)
    table(folder / "shuffled.csv", order[400:], rng.permutation(30))
    table(folder / "short.csv", order[400:], range(1, 30))
    words = [
        f"dataset.path={folder}/train.csv", "dataset=table", "dataset.label_column=diagnosis",
        "dataset.classes=[benign]", "loss=mse", "trainer.epochs=20", "trainer.jit_compile=false",
        f"outputs={folder}", "figures=[loss_curve]",
    ]  # fmt: skip
    run = train(compose(*words), NAMES, words).folder
    (folder / "train.csv").rename(folder / "moved.csv")  # no command on another file needs it
    return folder, run


def test_ids_follow_the_rows(typed, home):
    folder, run = home
    with (folder / "new.csv").open(newline="") as file:
        (header, *lines) = csv.reader(file)
    with (folder / "known.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([["who", *header], *([f"p{i}", *row] for i, row in enumerate(lines))])
    words = (f"run={run}", f"input={folder}/known.csv", f"output={folder}/known_codes.csv")
    code, said = typed("encode", *words)
    assert code == 2, said
    assert "has who, which the training had not" in said
    plain = {row["row"]: row["score"] for row in scores(typed, home, "new.csv")}
    assert list(plain) == [str(i + 1) for i in range(len(lines))]
    with (folder / "known.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [["id", *header], *([f"p{i}", *row] for i, row in enumerate(lines))]
        )
    known = {row["id"]: row["score"] for row in scores(typed, home, "known.csv")}
    assert list(known) == [f"p{i}" for i in range(len(lines))]
    assert list(known.values()) == list(plain.values())


def scores(typed, home, name: str, *words: str) -> list[dict[str, str]]:
    folder, run = home
    output = folder / f"scores_{name}"
    output.unlink(missing_ok=True)
    asked = (f"run={run}", f"input={folder}/{name}", f"output={output}", *words)
    code, said = typed("detect", *asked)
    assert code == 0, said
    return read(output)


def test_the_same_scores_without_labels_and_with_shuffled_columns(typed, home):
    found = {
        name: [
            (row["score"], row["verdict"], row["feature_1"], row["share_1"])
            for row in scores(typed, home, name)
        ]
        for name in ("new.csv", "unlabelled.csv", "shuffled.csv")
    }
    assert len(found["new.csv"]) == 169
    assert found["new.csv"] == found["unlabelled.csv"] == found["shuffled.csv"]


def test_scores_tell_malignant_ones(typed, home):
    rows = scores(typed, home, "new.csv")
    is_malignant = [row["label"] == "malignant" for row in rows]
    assert roc_auc_score(is_malignant, [float(row["score"]) for row in rows]) > 0.85


def test_rows_come_back_in_their_own_units(typed, home):
    folder, run = home
    output = folder / "made.csv"
    code, said = typed(
        "reconstruct", f"run={run}", f"input={folder}/shuffled.csv", f"output={output}"
    )
    assert code == 0, said
    made, given = read(output), read(folder / "new.csv")
    assert [*made[0]][1:-1] == [*given[0]][1:]  # between row and label, the training's columns
    assert [row["row"] for row in made] == [str(i + 1) for i in range(len(given))]
    again, output = output, folder / "again.csv"
    code, said = typed("reconstruct", f"run={run}", f"input={again}", f"output={output}")
    assert code == 0, said  # what was written is read
    for name in ("mean area", "worst smoothness"):
        pairs = np.array([[float(row[name]) for row in rows] for rows in (made, given)])
        assert np.corrcoef(pairs)[0, 1] > 0.7
        assert abs(np.median(pairs[0]) / np.median(pairs[1]) - 1) < 0.1


def test_generate_names_the_training_data_that_it_needs(typed, home):
    code, said = typed("generate", f"run={home[1]}", "n=3", "output=new_rows.csv")
    assert code == 2, said  # the codes of the training are needed, and its data were moved
    assert "train.csv" in said


def test_a_missing_column_is_named_in_one_line(typed, home):
    folder, run = home
    code, said = typed("encode", f"run={run}", f"input={folder}/short.csv")
    assert code == 2
    assert "short.csv lacks mean radius" in said


def test_names_types_and_scaling_are_kept_as_plain_values(home):
    kept = json.loads((home[1] / "data.json").read_text())
    assert kept["kind"] == "table"
    assert list(kept["columns"])[:2] == ["mean radius", "mean texture"]
    assert kept["reader"]["label_column"] == "diagnosis"
    assert len(kept["scaling"]["offset"]) == 30


def test_shares_of_the_error():
    x = np.array([[1.0, 2.0, 0.0], [1.0, 1.0, 1.0]])
    made = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    found = features.shares(x, made)
    np.testing.assert_allclose(found, [[0.2, 0.8, 0], [0, 0, 0]])
    told = features.named(found, ["a", "b", "c"], 2)
    assert list(told) == ["feature_1", "share_1", "feature_2", "share_2"]
    assert [column[0] for column in told.values()] == ["b", 0.8, "a", 0.2]
    assert len(features.named(found, ["a", "b", "c"], 9)) == 6
