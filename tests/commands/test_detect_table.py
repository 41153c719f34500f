"""aecli detect on a table: where errors lie, thresholds that a run keeps, distances of codes."""

import csv
import importlib.util
import json
import os
import pathlib

import numpy as np
import pytest
from sklearn.covariance import EmpiricalCovariance
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.neighbors import LocalOutlierFactor

from aecli import runs
from aecli.commands.detect import detect
from aecli.errors import BadRequest, NotApplicable
from aecli.figures.anomalous_features import by_feature
from aecli.fit.start import resume, train
from aecli.io import every_class
from aecli.metrics.detection import codes, threshold, validation

NAMES = {"model": "ae", "dataset": "breast_cancer", "noise": "none", "experiment": None}
WORDS = [
    "dataset=breast_cancer", "loss=mse", "trainer.jit_compile=false",
    "model.latent_dim=4", "optimizer.learning_rate=0.01",
]  # fmt: skip
DATA = load_breast_cancer()


def trained(compose, root, *words: str) -> runs.Run:
    words = [*WORDS, *words, f"outputs={root}"]
    return train(compose(*words), NAMES, words)


@pytest.fixture(scope="module")
def benign(compose, tmp_path_factory) -> runs.Run:
    words = ["dataset.classes=[benign]", "trainer.epochs=10", "figures=[manifold]"]
    return trained(compose, tmp_path_factory.mktemp("benign"), *words)


@pytest.fixture(scope="module")
def both(compose, tmp_path_factory) -> runs.Run:
    """Trained on malignant rows as well."""
    return trained(compose, tmp_path_factory.mktemp("both"), "trainer.epochs=3")


@pytest.fixture
def ask(compose, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda run, *words: compose(f"run={run.folder}", *words, command="detect")


def rows_of(path: pathlib.Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def every_row(run) -> tuple[np.ndarray, np.ndarray]:
    """-> the rows [N, 30] of the test split, every class, as the model sees them; their labels"""
    part = every_class.with_the_rest(run, "test")
    return part.pixels(), part.labels


# ---- where the error lies ------------------------------------------------------------------------


def test_each_rows_columns_are_in_order_of_their_share_of_the_error(ask, benign):
    done = detect(ask(benign, "features=30"))
    found = rows_of(done.table)
    assert list(found[0])[:6] == ["row", "label", "score", "verdict", "feature_1", "share_1"]
    of_source = DATA.target[[int(row["row"]) - 1 for row in found]]
    assert [row["label"] for row in found] == DATA.target_names[of_source].tolist()
    x, _ = every_row(benign)
    squares = (x.astype("float64") - benign.model.reconstruct(x)).reshape(len(x), -1) ** 2
    for i in (0, 7, 50):
        names = [found[i][f"feature_{place}"] for place in range(1, 31)]
        assert names == DATA.feature_names[np.argsort(-squares[i])].tolist()
        shares = [float(found[i][f"share_{place}"]) for place in range(1, 31)]
        assert shares == pytest.approx(np.sort(squares[i] / squares[i].sum())[::-1], abs=1e-6)
    assert (done.folder / "features.png").stat().st_size > 10_000


def test_the_figure_of_features_has_their_mean_shares(benign):
    shares = np.array([[0.7, 0.2, 0.1], [0.5, 0.4, 0.1], [0.0, 0.1, 0.9]])
    kinds = {"normal": np.array([True, True, False]), "anomalous": np.array([False, False, True])}
    figure = by_feature(benign, shares, ["a", "b", "c"], kinds)
    (ax,) = figure.axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["c", "b", "a"]
    normal, anomalous = ([bar.get_width() for bar in part] for part in ax.containers)
    assert normal == pytest.approx([10, 30, 60])
    assert anomalous == pytest.approx([90, 10, 0])


def test_figures_that_no_table_has_are_passed_over_unless_asked_for(benign, both):
    said = (both.folder / "train.log").read_text()
    assert "latent" in both.status["figures"][-1]
    assert "figure" not in said.replace("figures.", "")
    said = (benign.folder / "train.log").read_text()
    assert "no manifold figure: needs images; this data is rows of 30 numbers" in said


# ---- figures of merit ----------------------------------------------------------------------------


def test_best_f1_and_the_local_outlier_factor(ask, benign):
    done = detect(ask(benign))
    found = rows_of(done.table)
    assert list(found[0])[-2:] == ["feature_3", "share_3"]
    anomalous = np.array([row["label"] == "malignant" for row in found])
    scores = np.array([float(row["score"]) for row in found])
    best = max(f1_score(anomalous, scores >= limit) for limit in scores)
    assert done.values["best_f1"] == pytest.approx(best, abs=1e-12)
    x, labels = every_row(benign)
    train = benign.splits.train.pixels().reshape(-1, 30)
    factor = LocalOutlierFactor(n_neighbors=20, novelty=True).fit(train)
    expected = roc_auc_score(labels == 0, -factor.score_samples(x.reshape(-1, 30)))
    lof = done.values["baselines"]["local outlier factor"]
    assert lof["auroc"] == pytest.approx(expected, abs=1e-9)


# ---- contamination and kept thresholds -----------------------------------------------------------


def test_contamination_is_the_share_of_all_validation_rows_above(ask, both):
    values = detect(ask(both, "contamination=0.2", "normal=[benign]")).values
    stored = np.load(both.folder / validation.FILE)
    assert 0 in stored["label"]  # malignant ones among them
    assert values["threshold"] == pytest.approx(np.quantile(stored["reconstruction"], 0.8))
    assert values["validation_images"] == len(stored["label"])
    quantile = detect(ask(both, "quantile=0.8", "normal=[benign]")).values
    assert quantile["validation_images"] == (stored["label"] == 1).sum()
    train = both.splits.train.pixels().reshape(-1, 30)  # the baselines see what the model saw
    x, labels = both.splits.test.pixels().reshape(-1, 30), both.splits.test.labels
    pca = PCA(4, random_state=0).fit(train)
    errors = ((x - pca.inverse_transform(pca.transform(x))) ** 2).mean(axis=1)
    of_pca = values["baselines"]["PCA, 4 components"]["auroc"]
    assert of_pca == pytest.approx(roc_auc_score(labels == 0, errors), abs=1e-6)


def test_a_threshold_that_is_kept_is_that_of_later_verdicts(ask, benign, tmp_path):
    own = threshold.threshold(benign, "reconstruction", None)
    with (tmp_path / "new.csv").open("w", newline="") as file:
        csv.writer(file).writerows([DATA.feature_names, *DATA.data[:30].tolist()])
    new = ask(benign, "input=new.csv", "contamination=0.3", "keep=true")
    kept = detect(new).values["threshold"]
    assert kept != own["threshold"]
    try:
        later = detect(ask(benign, "input=new.csv"))
        assert later.values["threshold"] == kept
        assert later.values["kept"] is True
        for row in rows_of(later.table):
            assert (row["verdict"] == "anomalous") == (float(row["score"]) > kept)
        assert threshold.threshold(benign, "reconstruction", None, quantile=0.95) == own
        assert "kept" not in threshold.threshold(benign, "mahalanobis", None)
    finally:
        (benign.folder / validation.KEPT).unlink()
    assert threshold.threshold(benign, "reconstruction", None) == own


def test_a_training_that_goes_on_keeps_no_threshold_of_other_weights(compose, both):
    found = threshold.threshold(both, "reconstruction", None)
    threshold.keep(both, "reconstruction", found)
    assert threshold.threshold(both, "reconstruction", None) == found | {"kept": True}
    resume(str(both.folder), compose("trainer.epochs=4"), ["trainer.epochs=4"])
    assert not (both.folder / validation.KEPT).exists()


@pytest.mark.parametrize(
    "text",
    [
        "{", "[]", '{"reconstruction": 1}', '{"reconstruction": {"threshold": 1.0}}',
        '{"reconstruction": {"threshold": NaN, "quantile": 0.5, "validation_images": 3}}',
        '{"reconstruction": {"threshold": 1, "quantile": 7, "validation_images": 3}}',
        '{"reconstruction": {"threshold": "1;", "quantile": 0.5, "validation_images": 3}}',
    ],
)  # fmt: skip
def test_a_strangers_threshold_is_checked(benign, text):
    path = benign.folder / validation.KEPT
    path.write_text(text)
    try:
        with pytest.raises(BadRequest, match=r"thresholds\.json"):
            threshold.threshold(benign, "reconstruction", None)
    finally:
        path.unlink()


# ---- the Mahalanobis distance of codes -----------------------------------------------------------


def test_the_distance_of_codes_is_scikit_learns(ask, benign):
    train = benign.model.encode(benign.splits.train.pixels()).astype("float64")
    estimate = EmpiricalCovariance().fit(train)
    done = detect(ask(benign, "score=mahalanobis"))
    x, labels = every_row(benign)
    expected = np.sqrt(estimate.mahalanobis(benign.model.encode(x).astype("float64")))
    rows = rows_of(done.table)
    assert list(rows[0]) == ["row", "label", "score", "verdict"]  # no column has a share of it
    assert not (done.folder / "features.png").exists()
    scores = np.array([float(row["score"]) for row in rows])
    assert scores == pytest.approx(expected, rel=1e-5)
    assert done.values["auroc"] == pytest.approx(roc_auc_score(labels == 0, expected))
    val = benign.model.encode(benign.splits.val.pixels()).astype("float64")
    limit = np.quantile(np.sqrt(estimate.mahalanobis(val)), 0.95)
    assert done.values["threshold"] == pytest.approx(limit, rel=1e-5)


def test_a_unit_that_was_always_the_same_counts_for_nothing_and_one_point_is_refused(benign):
    train = benign.model.encode(benign.splits.train.pixels()).astype("float64")
    path = benign.folder / codes.FILE
    whole = path.read_bytes()
    try:
        train[:, 1] = 3.0
        estimate = EmpiricalCovariance().fit(train)
        np.savez(path, mean=estimate.location_, covariance=estimate.covariance_)
        found = codes.distances(benign, train[:5] + np.array([0, 100, 0, 0]))
        rest = EmpiricalCovariance().fit(train[:, [0, 2, 3]])
        assert found == pytest.approx(np.sqrt(rest.mahalanobis(train[:5, [0, 2, 3]])))
        np.savez(path, mean=estimate.location_, covariance=1e-12 * np.eye(4))
        with pytest.raises(NotApplicable, match="all training rows have the same code"):
            codes.distances(benign, train[:5])
        np.savez(path, mean=estimate.location_[:2], covariance=np.eye(4))
        with pytest.raises(BadRequest, match="is damaged"):
            codes.distances(benign, train[:5])
    finally:
        path.write_bytes(whole)


def test_the_terminal_says_what_the_threshold_is(typed, benign):
    code, said = typed("detect", f"run={benign.folder}", "contamination=0.1")
    assert code == 0, said
    rows = len(benign.splits.val)
    assert f"above which 10 % of {rows} rows of the validation part lie" in said
    assert "best F1 of all thresholds" in said
    path = max(benign.folder.glob("eval/*/metrics.json"), key=lambda p: p.stat().st_mtime_ns)
    assert json.loads(path.read_text())["about"]["best_f1"]["better"] == "higher"


def test_shuttle_beside_its_baselines(typed):
    file = pathlib.Path(os.environ.get("AECLI_DATA_DIR", "/nowhere"), "tables", "shuttle.csv.gz")
    path = [f"dataset.path={file}"] if file.is_file() else []
    if not path and importlib.util.find_spec("river") is None:
        pytest.skip("neither river nor its file in AECLI_DATA_DIR")
    words = ["dataset=shuttle", *path, "dataset.classes=[normal]", "dataset.limit=4000"]
    words += ["model.latent_dim=4", "trainer.epochs=20", "optimizer.learning_rate=0.003"]
    code, said = typed("train", *words, "loss=mse", "network.widths=[32]", "figures=[]")
    assert code == 0, said
    code, said = typed("detect", "--json")
    assert code == 0, said
    values = json.loads(said[said.index("{\n") : said.rindex("}") + 1])
    assert values["normal"] == ["normal"]
    assert values["anomalous_images"] > 200
    assert values["auroc"] > 0.99
    assert set(values["baselines"]) == {
        "PCA, 4 components", "isolation forest", "local outlier factor",
    }  # fmt: skip
