"""aecli detect: scores, threshold and figures of merit against NumPy and scikit-learn."""

import csv
import json
import pathlib

import numpy as np
import pytest
from PIL import Image
from scipy.stats import norm
from sklearn.datasets import load_digits
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score

from aecli import runs
from aecli.commands import detect as command
from aecli.commands.detect import detect
from aecli.errors import BadRequest, NotApplicable
from aecli.figures.anomalies import anomalies
from aecli.fit.start import resume, train
from aecli.io import every_class
from aecli.io.chosen import chosen
from aecli.metrics.base import Evaluation
from aecli.metrics.detection import labels as detect_labels
from aecli.metrics.detection.scores import negative_elbo
from aecli.metrics.outliers import Outliers
from aecli.models.draws import normal_draws
from aecli.runs import sweeps

NAMES = {"model": "ae", "dataset": "digits", "noise": "none", "experiment": None}
WORDS = ["model.latent_dim=4", "trainer.epochs=3", "trainer.jit_compile=false", "figures=[]"]
ONE_CLASS = ["dataset.classes=[0]", "trainer.batch_size=16", "loss=mse"]
DIGITS = load_digits()


def trained(compose, root, *words: str, folder=None) -> runs.Run:
    words = [*WORDS, *words, f"outputs={root}"]
    return train(compose(*words), NAMES, words, folder)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def every(compose, root) -> runs.Run:
    """Trained on all digits."""
    return trained(compose, root)


@pytest.fixture(scope="module")
def zeros(compose, root) -> runs.Run:
    """Trained on zeros alone."""
    return trained(compose, root, *ONE_CLASS)


@pytest.fixture(scope="module")
def vae(compose, root) -> runs.Run:
    return trained(compose, root, "model=vae", "model.beta=3", "model.latent_dim=2")


@pytest.fixture
def ask(compose, tmp_path, monkeypatch):
    """ask(run, "score=elbo") -> the config, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda run, *words: compose(f"run={run.folder}", *words, command="detect")


def read(path: pathlib.Path) -> tuple[np.ndarray, list[str], list[str]]:
    """-> scores, labels, verdicts of a CSV"""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    labels = [row.get("label", "") for row in rows]
    return np.array([float(row["score"]) for row in rows]), labels, [r["verdict"] for r in rows]


def errors(run, x) -> np.ndarray:
    return np.mean((x.astype("float64") - run.model.reconstruct(x)) ** 2, axis=(1, 2, 3))


# ---- scores, threshold, figures of merit ---------------------------------------------------------


def test_auroc_and_precision_are_scikit_learns_on_the_file_written(ask, every):
    done = detect(ask(every, "normal=[1, 7]"))
    scores, labels, verdict = read(done.table)
    anomalous = ~np.isin(labels, ["1", "7"])
    assert done.values["auroc"] == pytest.approx(roc_auc_score(anomalous, scores), abs=1e-12)
    precision = average_precision_score(anomalous, scores)
    assert done.values["average_precision"] == pytest.approx(precision, abs=1e-12)
    assert scores == pytest.approx(errors(every, every.splits.test.pixels()), rel=1e-5)
    above = scores > done.values["threshold"]
    assert [one == "anomalous" for one in verdict] == above.tolist()
    assert done.values["flagged"] == above.mean()
    assert done.values["false_alarms"] == above[~anomalous].mean()
    assert done.values["detected"] == above[anomalous].mean()
    counts = [done.values[f"{kind}_images"] for kind in ("normal", "anomalous")]
    assert counts == [(~anomalous).sum(), anomalous.sum()]
    assert json.loads((done.folder / "metrics.json").read_text()) == done.values
    assert (done.folder / "scores.png").stat().st_size > 0
    assert done.table.parent == done.folder


@pytest.mark.parametrize(("words", "kept"), [([], None), (["normal=[3]", "quantile=0.5"], 3)])
def test_the_threshold_is_a_quantile_of_the_normal_validation_scores(ask, every, words, kept):
    values = detect(ask(every, *words)).values
    val = every.splits.val
    x = val.pixels() if kept is None else val.pixels()[val.labels == kept]
    expected = np.quantile(errors(every, x), 0.95 if kept is None else 0.5)
    assert values["threshold"] == pytest.approx(expected, rel=1e-5)
    assert values["validation_images"] == len(x)
    assert ("auroc" in values) == (kept is not None)


def test_the_baselines_are_a_singular_value_decomposition_and_scikit_learns_forest(ask, zeros):
    values = detect(ask(zeros, "seed=3")).values
    part = every_class.with_the_rest(zeros, "test")
    x, anomalous = part.pixels().reshape(len(part), -1), part.labels != 0
    train = zeros.splits.train.pixels().reshape(len(zeros.splits.train), -1).astype("float64")
    _, _, axes = np.linalg.svd(train - train.mean(0), full_matrices=False)
    rest = (x - train.mean(0)) - (x - train.mean(0)) @ axes[:4].T @ axes[:4]
    pca = values["baselines"]["PCA, 4 components"]
    assert pca["auroc"] == pytest.approx(roc_auc_score(anomalous, (rest**2).sum(1)), abs=1e-4)
    forest = IsolationForest(random_state=3).fit(train.astype("float32"))
    expected = roc_auc_score(anomalous, -forest.decision_function(x))
    assert values["baselines"]["isolation forest"]["auroc"] == pytest.approx(expected, abs=1e-9)


def test_the_elbo_is_that_of_numpy_whatever_beta(vae, ask):
    x = vae.splits.test.pixels()[:20]
    out = vae.model.encoder.predict(x, verbose=0)
    mean, stddev = np.asarray(out["mean"], "float64"), np.exp(0.5 * np.asarray(out["log_var"]))
    bounds = []
    for seed in range(10):
        z = mean + stddev * normal_draws(len(x), (2,), seed=seed)
        p = 1 / (1 + np.exp(-np.asarray(vae.model.decoder.predict(z, verbose=0), "float64")))
        likelihood = (x * np.log(p) + (1 - x) * np.log1p(-p)).sum(axis=(1, 2, 3))
        ratio = norm.logpdf(z, mean, stddev).sum(1) - norm.logpdf(z).sum(1)
        bounds.append(likelihood - ratio)
    assert negative_elbo(vae.model, x) == pytest.approx(-np.mean(bounds, axis=0), rel=1e-4)
    done = detect(ask(vae, "score=elbo"))
    assert read(done.table)[0][:20] == pytest.approx(-np.mean(bounds, axis=0), rel=1e-4)


def test_the_same_words_give_the_same_bits(ask, vae):
    one, again = (detect(ask(vae, "score=elbo", "normal=[2]")) for _ in range(2))
    assert one.table.read_bytes() == again.table.read_bytes()
    assert one.folder != again.folder
    assert one.values == again.values


# ---- a run of one class --------------------------------------------------------------------------


def test_a_run_of_one_class_is_judged_on_every_class(ask, zeros):
    values = detect(ask(zeros)).values
    assert values["normal"] == [0]
    assert values["normal_images"] == len(zeros.splits.test)
    assert values["anomalous_images"] > 5 * values["normal_images"]
    assert values["validation_images"] == len(zeros.splits.val)


def test_the_report_card_says_the_same(ask, zeros, every):
    values, metric = detect(ask(zeros)).values, Outliers()
    assert metric(Evaluation(zeros)) == {
        k: values[k] for k in ("auroc", "average_precision", "best_f1")
    }
    assert metric.baselines(Evaluation(zeros)) == values["baselines"]
    with pytest.raises(NotApplicable, match="needs a run of some classes alone"):
        metric(Evaluation(every))


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_no_normal_image_is_one_of_the_training(zeros, split):
    part, own = every_class.with_the_rest(zeros, split), getattr(zeros.splits, split)
    np.testing.assert_array_equal(part.x[: len(own)], own.x)
    assert set(part.labels[: len(own)]) == {0}
    assert set(part.labels[len(own) :]) == set(range(1, 10))
    if split != "train":
        trained_on = {image.tobytes() for image in zeros.splits.train.x}
        assert not trained_on & {image.tobytes() for image in part.x[part.labels == 0]}


def untrained(compose, folder, *words: str) -> runs.Run:
    """A run's folder with its config, and no weights."""
    folder.mkdir()
    return runs.create(folder, compose(*words), list(words), {})


def test_the_other_classes_are_scaled_by_the_class_trained_on(compose, tmp_path):
    words = ["dataset.classes=[0]", "dataset.limit=60"]
    scales = ["dataset.scale=minmax", "dataset.scale_per=global"]
    run = untrained(compose, tmp_path / "scaled", *words, *scales)
    raw = untrained(compose, tmp_path / "raw", *words).splits.train.pixels()
    part = every_class.with_the_rest(run, "test")
    scaled = [image.astype("float32") / 16 for image in DIGITS.images]
    scaled = {((s - raw.min()) / (raw.max() - raw.min())).tobytes()[:64] for s in scaled}
    assert {image.astype("float32").tobytes()[:64] for image in part.x} <= scaled


def test_a_name_counts_before_a_number():
    labels = np.array([0, 1, 1])
    assert chosen(labels, ("1", "2"), [1]).tolist() == [True, False, False]
    assert chosen(labels, ("a", "b"), ["b", 0]).tolist() == [True, True, True]
    assert chosen(labels, None, [1, "b"]).tolist() == [False, True, True]
    assert chosen(None, None, [1]) is None


# ---- the user's images ---------------------------------------------------------------------------


@pytest.fixture
def photos(tmp_path) -> pathlib.Path:
    """Zeros in good/, other digits in bad/."""
    for i, (image, label) in enumerate(zip(DIGITS.images[:40], DIGITS.target[:40], strict=True)):
        place = tmp_path / "photos" / ("good" if label == 0 else "bad")
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray((image * 15.9).astype("uint8")).save(place / f"{i:02d}.png")
    return tmp_path / "photos"


def test_folders_of_pictures_name_what_is_normal(ask, zeros, photos):
    done = detect(ask(zeros, f"input={photos}", "normal=[good]", "output=deep/scores.csv"))
    assert done.table == pathlib.Path("deep/scores.csv")
    assert done.folder.parent.parent == zeros.folder
    with done.table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["file", "label", "score", "verdict"]
    assert {row["file"].split("/")[0] for row in rows if row["label"] == "bad"} == {"bad"}
    anomalous = [row["label"] == "bad" for row in rows]
    expected = roc_auc_score(anomalous, [float(row["score"]) for row in rows])
    assert done.values["auroc"] == pytest.approx(expected, abs=1e-12)


def test_the_labels_of_the_training_folder_are_normal(ask, compose, photos, tmp_path):
    """train/good, test/good, test/bad, as collections of defects come."""
    (photos / "train" / "good").mkdir(parents=True)
    for i, image in enumerate(DIGITS.images[DIGITS.target == 0][60:100]):
        Image.fromarray((image * 15.9).astype("uint8")).save(photos / "train" / "good" / f"{i}.png")
    (photos / "test").mkdir()
    for name in ("good", "bad"):
        (photos / name).rename(photos / "test" / name)
    data = ["dataset=image_folder", f"dataset.path={photos}", "dataset.image_size=[8,8]"]
    run = untrained(compose, tmp_path / "run", *data)
    normal = detect_labels.normal(None, run)
    found = detect_labels.of_read(run, every_class.read(run, None, "test"))
    known = detect_labels.known(run, *found, normal, False)
    assert normal == ["good"]
    assert (known.sum(), (~known).sum()) == (5, 35)
    assert (run.splits.test.labels[known] == 1).all()


def test_what_is_normal_may_be_unknown(ask, zeros, photos, capsys):
    command.main(ask(zeros, f"input={photos / 'bad'}"))
    shown = capsys.readouterr()
    assert "AUROC      needs labels" in shown.out
    assert "written to" in shown.err
    values = detect(ask(zeros, f"input={photos}")).values  # good and bad: neither is the run's
    assert not {"normal", "auroc", "baselines"} & set(values)


def test_of_one_kind_alone_there_is_no_auroc(ask, zeros, photos):
    (photos / "bad").rename(photos.parent / "elsewhere")
    values = detect(ask(zeros, f"input={photos}", "normal=[good]")).values
    assert values["anomalous_images"] == 0
    assert {"false_alarms", "detected", "auroc"} & set(values) == {"false_alarms"}


# ---- a sweep -------------------------------------------------------------------------------------


def test_a_sweep_is_each_of_its_runs_and_their_mean(ask, compose, tmp_path, capsys):
    words = [[*WORDS, *ONE_CLASS[1:], f"dataset.classes=[{digit}]"] for digit in (0, 1, 2)]
    folder = tmp_path / "sweep"
    folder.mkdir()
    asked = [sweeps.Asked(one, compose(*one), NAMES) for one in words]
    jobs = sweeps.create(folder, asked).jobs
    for job in jobs[:2]:
        resume(str(job.folder), compose(), [])
    capsys.readouterr()
    command.main(ask(runs.Run(folder)))
    shown = capsys.readouterr().out
    assert "mean of 2" in shown
    assert "1 of 3 runs are not done" in shown
    (written,) = (folder / "detect").iterdir()
    values = json.loads((written / "metrics.json").read_text())
    aurocs = []
    for job in jobs[:2]:
        (table,) = job.folder.glob("eval/*/scores.csv")
        scores, labels, _ = read(table)
        normal = job.line.removeprefix("dataset.classes=[").removesuffix("]")
        aurocs.append(roc_auc_score([label != normal for label in labels], scores))
    assert values["mean"]["model"] == pytest.approx(np.mean(aurocs), abs=1e-12)
    assert set(values["mean"]) == {"model", "PCA", "isolation forest"}
    assert f"{np.mean(aurocs):.4f}" in shown


# ---- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["score=mse"], "score must be 'reconstruction', 'elbo', .* or 'distance'.*; got 'mse'"),
        (["quantile=0.9", "contamination=0.1"], "quantile and contamination both"),
        (["contamination=0"], "contamination must be greater than 0; got 0"),
        (["score=distance"], "score=distance needs a model with a centre"),
        (["quantile=95"], "quantile must be less than or equal to 1; got 95"),
        (["normal=0"], r"normal must be .*list.*; got 0"),
        (["normal=[]"], r"normal must be .*at least 1.*; got \[\]"),
        (["normal=[0,11]"], "normal: 11 is no label here; there is 0, 1, 2"),
        (["seed=-1"], "seed must be"),
        (["split=all"], "split must be train, val or test"),
        (["input=nothing.npz"], "input: .*nothing.npz"),
        (["output=scores.txt"], r"output=scores.txt: .* it can be .npz, .csv, .parquet"),
    ],
)
def test_a_wrong_word_is_refused_before_anything_is_written(ask, zeros, words, text):
    there = set(zeros.folder.rglob("*"))
    with pytest.raises((BadRequest, NotApplicable), match=text):
        detect(ask(zeros, *words))
    assert set(zeros.folder.rglob("*")) == there


def test_what_does_not_fit_is_refused(ask, zeros, photos):
    with pytest.raises(NotApplicable, match="score=elbo needs a model with a bound"):
        detect(ask(zeros, "score=elbo"))
    with pytest.raises(BadRequest, match="normal needs labels, and these images have none"):
        detect(ask(zeros, f"input={photos / 'bad'}", "normal=[0]"))
    (photos.parent / "there.csv").write_text("mine")
    with pytest.raises(BadRequest, match=r"there\.csv exists"):
        detect(ask(zeros, f"output={photos.parent / 'there.csv'}"))
    (photos.parent / "sweep").mkdir()
    (photos.parent / "sweep" / sweeps.FILE).write_text("{}")
    with pytest.raises(BadRequest, match="run= is a sweep"):
        command.main(ask(runs.Run(photos.parent / "sweep"), "output=a.csv"))


# ---- the figure ----------------------------------------------------------------------------------


def test_the_figure_shows_both_ends_in_order(zeros):
    part = every_class.with_the_rest(zeros, "test")
    x, anomalous = part.pixels(), part.labels != 0
    scores = errors(zeros, x)
    values = {"threshold": 0.05, "quantile": 0.95, "unit": "mse", "auroc": 0.9}
    figure = anomalies(zeros, x, scores, values, anomalous)
    histogram, *strips = figure.axes
    shown = np.array([ax.images[0].get_array() for ax in strips])
    order = np.argsort(scores)
    np.testing.assert_allclose(shown[:10], x[order[:10], ..., 0])
    np.testing.assert_allclose(shown[10:], x[order[::-1][:10], ..., 0])
    assert strips[10].get_title() == f"{scores.max():.3g}"
    heights = [sum(bar.get_height() for bar in part) for part in histogram.containers]
    assert heights == pytest.approx([100, 100])
    assert histogram.lines[0].get_xdata()[0] == 0.05


def test_rows_of_numbers_have_a_histogram_alone(zeros):
    x = np.random.default_rng(0).random((30, 1, 5, 1), dtype="float32")
    values = {"threshold": 0.5, "quantile": 0.95, "unit": "mse"}
    figure = anomalies(zeros, x, np.linspace(0.1, 0.9, 30), values)
    assert len(figure.axes) == 1
