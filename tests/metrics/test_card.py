"""The report card: every metric in its section, none lost by another, the same every time."""

import dataclasses
import json
from itertools import permutations
from typing import ClassVar

import numpy as np
import pytest
from figures_run import digits_run
from lab import Lab
from options import options
from sklearn.manifold import trustworthiness
from test_samples_metrics import split_run

from aecli import dispatch, runs
from aecli.console.arguments import parse
from aecli.errors import BadRequest, NotApplicable
from aecli.io import request
from aecli.metrics import evaluating
from aecli.metrics.base import Evaluation, Metric
from aecli.metrics.card import SECTIONS, filled
from aecli.metrics.clustering import Clustering, matched_accuracy
from aecli.metrics.dependence import Dependence
from aecli.metrics.pixels import Pixels
from aecli.metrics.probe import Probe
from aecli.metrics.ssim import Ssim
from aecli.metrics.trustworthiness import Trustworthiness

QUICK = ["card=full", "metrics.samples.steps=60", "metrics.bounds.k=5"]
OF_FACTORS = {  # of data that digits are not
    "beta_vae_score", "factor_vae_score", "mig", "sap", "dci", "modularity", "explicitness", "irs",
}  # fmt: skip
OF_OTHER_RUNS = OF_FACTORS | {
    "outliers",
    "codebook",
    "dictionary",
}  # of some classes, of such models
OF_ALL = [name for name in SECTIONS if name not in ("disentanglement", "anomalies")]
LIKELIHOOD = {"bounds", "posterior"}


@pytest.fixture(scope="module")
def lab(compose, tmp_path_factory):
    return Lab(compose, tmp_path_factory.mktemp("outputs"))


@pytest.fixture(scope="module")
def vae(lab):
    return lab.train("model=vae", "trainer.epochs=3", "model.latent_dim=4")


@pytest.fixture(scope="module")
def evaluated(compose):
    """evaluated(folder, "card=full", ...) -> what metrics.json holds."""

    def values(folder, *words):
        words = parse("eval", [f"run={folder}", *words]).overrides
        config = compose(*words, command="eval")
        return evaluating.evaluate(request.opened(config), config)

    return values


@pytest.fixture(scope="module")
def full(vae, evaluated):
    return evaluated(vae, *QUICK)


def test_full_holds_basic_and_every_option(vae, evaluated, full):
    basic = evaluated(vae)
    baselines, about = basic.pop("baselines"), basic.pop("about")
    assert about.items() <= full["about"].items()
    assert basic.items() <= full.items()
    for row, values in baselines.items():
        assert values.items() <= full["baselines"][row].items()
    assert set(full["settings"]) == set(options("metrics"))
    assert full["settings"]["bounds"] == {"k": 5, "n": 2000}
    assert full["settings"]["dci"]["predictor"] == "histogram"  # boosted takes ten minutes
    assert set(full["not_applicable"]) == OF_OTHER_RUNS
    assert full["failed"] == {}
    assert list(full["sections"]) == OF_ALL
    named = [name for names in full["sections"].values() for name in names]
    assert len(named) == len(set(named))
    assert all(isinstance(full[name], float | int) for name in named)
    trained = json.loads((vae / "metrics.json").read_text())
    assert trained.pop("about") == about
    assert set(trained) < set(named)  # two metrics' alone
    assert list(full["about"]) == named  # each says what it is
    assert all(stated["meaning"] for stated in full["about"].values())


def test_each_section_has_something_beside_it(full):
    beside = {row: set(values) for row, values in full["baselines"].items()}
    assert {"bce", "mse", "psnr", "ssim"} == beside["mean image"]
    assert {"ssim", "kmeans_nmi", "knn_accuracy", "trustworthiness"} < beside["PCA, 4 components"]
    assert {"frechet_own_classifier", "coverage"} < beside["real images"]


def test_it_is_the_same_every_time_and_as_json(vae, full, capsys):
    assert dispatch.run("eval", [f"run={vae}", "json=true", *QUICK]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out) == full
    assert shown.err == ""


def test_a_plain_autoencoder_lacks_the_likelihood_and_is_told_why(lab, evaluated):
    values = evaluated(lab.train("trainer.epochs=1"), *QUICK)
    assert set(values["not_applicable"]) == LIKELIHOOD | OF_OTHER_RUNS
    assert all("model=vae" in values["not_applicable"][name] for name in LIKELIHOOD)
    assert list(values["sections"]) == ["reconstruction", "samples", "codes"]
    assert "10 Gaussians" in values["notes"]["samples"][0]


def test_images_without_labels(lab, evaluated, tmp_path):
    x = np.random.default_rng(0).random((200, 12, 12, 1)).astype("float32")
    np.savez(tmp_path / "bare.npz", x=x)
    folder = lab.train("dataset=npz", f"dataset.path={tmp_path}/bare.npz", "trainer.epochs=1")
    values = evaluated(folder, *QUICK)
    need_labels = {"clustering", "probe", "samples"}
    assert set(values["not_applicable"]) == LIKELIHOOD | OF_OTHER_RUNS | need_labels
    assert all("labels" in values["not_applicable"][name] for name in need_labels)
    assert values["sections"]["codes"] == [*Dependence.about, "trustworthiness"]


def test_the_command_prints_sections_and_writes_them(vae, capsys, monkeypatch):
    def broken(metric, evaluation):
        raise ZeroDivisionError("of course")

    monkeypatch.setattr(Clustering, "__call__", broken)
    assert dispatch.run("eval", [f"run={vae}", *QUICK]) == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert [line for line in lines if line in SECTIONS] == OF_ALL
    assert any(line.startswith("iw_elbo ") for line in lines)
    assert "failed: clustering: ZeroDivisionError: of course" in lines
    assert "warning: metric clustering failed" in shown.err
    parts = [line.split()[1] for line in shown.err.splitlines() if line.startswith("card ")]
    assert len(parts) > 6
    assert parts[0] == "objective"
    assert not {"clustering", "mig"} & {*parts}  # what was found, alone
    folder = max((vae / "eval").iterdir())
    values = json.loads((folder / "metrics.json").read_text())
    assert values["failed"] == {"clustering": "ZeroDivisionError: of course"}
    assert values["trustworthiness"] > 0.5
    card = (folder / "card.md").read_text()
    assert f"| mean image | {values['baselines']['mean image']['bce']:.4g} | " in card
    assert all(f"## {section}\n" in card for section in OF_ALL)
    blocks = [block.splitlines() for block in card.split("\n\n") if block.startswith("| ")]
    assert len(blocks) == len(OF_ALL)
    for block in blocks:  # a bar inside a cell would add a column
        assert len({row.replace(r"\|", "").count("|") for row in block}) == 1

    with pytest.raises(ZeroDivisionError):  # without card=full, an error as it always was
        filled(Evaluation(runs.Run(vae)), {"clustering": Clustering()}, strict=True)


def test_metrics_that_are_stated_are_the_card(vae, evaluated):
    values = evaluated(vae, "card=full", "metrics=[trustworthiness]")
    assert values["sections"] == {"codes": ["trustworthiness"]}
    assert set(values["baselines"]) == {"PCA, 4 components"}


@pytest.mark.parametrize(
    ("words", "predictor"),
    [
        (["card=full"], "histogram"),
        (["card=full", "metrics=[mig,dci]"], "histogram"),
        (["metrics=[dci]"], "boosted"),
        (["card=full", "metrics.dci.predictor=boosted"], "boosted"),
        (["card=full", "metrics=[mig]"], None),
    ],
)
def test_the_card_has_the_quick_dci_unless_another_is_asked_for(compose, words, predictor):
    config = compose(*parse("eval", words).overrides, command="eval")
    assert config.metrics.get("dci", {}).get("predictor") == predictor


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["card=whole"], "card must be basic or full; got 'whole'"),
        (["card=full", "metrics.bounds.k=0"], "metrics.bounds.k must be"),
        (["metrics.bounds.k=10"], "+metrics=bounds"),
        (["card=full", "metrics=[bound]"], "did you mean 'bounds'?"),
    ],
)
def test_bad_requests(vae, capsys, words, said):
    before = set(vae.rglob("*"))
    assert dispatch.run("eval", [f"run={vae}", *words]) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert len(shown.err.splitlines()) <= 2
    assert set(vae.rglob("*")) == before


def test_a_figure_that_is_not_finite_is_none_and_named():
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Odd(Metric):
        section: ClassVar[str] = "mine"

        def __call__(self, evaluation):
            return {"good": 1.0, "bad": float("nan"), "absent": None}

    card = filled(Evaluation(digits_run(20)), {"odd": Odd(), "pixels": Pixels()})
    assert list(card.sections) == ["reconstruction", "mine"]
    assert card.sections["mine"] == {"good": 1.0, "bad": None, "absent": None}
    assert card.notes["mine"] == ["bad is not finite: nan"]
    json.dumps(card.whole(), allow_nan=False)


def test_values_beyond_the_peak_are_told():
    run = digits_run(30)
    run.splits.test.x[:] = 4 * run.splits.test.x - 2
    evaluation = Evaluation(run)
    notes = filled(evaluation, {"pixels": Pixels(), "ssim": Ssim(peak=4.0)}).notes
    assert notes["reconstruction"] == [
        "psnr is for values 1 apart at most; these are in [-2, 2]",
        "bce needs data in [0, 1]",
    ]
    assert filled(Evaluation(digits_run(30)), {"pixels": Pixels()}).notes == {}


# ---- codes: scikit-learn's figures, of the right arrays -----------------------------------------


class Coded:
    """A stand-in model whose code is a function of the image."""

    code_shape = stored_shape = (3,)

    def __init__(self, run, code):
        self.has_prior, self._code = False, code
        self.data_shape = run.splits.data_shape
        run.model = self

    def encode(self, x, label=None):
        return np.stack([self._code(image) for image in x])


def labelled_by_brightness(n=400):
    """Images of which the top left pixel tells the label."""
    run = split_run(n)
    for part in (run.splits.train, run.splits.test):
        part.labels[:] = np.random.default_rng(0).integers(0, 3, len(part))
        part.x[:, 0, 0, 0] = part.labels / 2
    return run


def test_codes_that_are_labels_get_full_marks_and_shuffled_ones_none():
    run = labelled_by_brightness()
    Coded(run, lambda image: np.eye(3)[round(2 * image[0, 0, 0])])
    for n in (10_000, 50):
        values = Clustering(n=n)(Evaluation(run))
        names = ("kmeans_nmi", "kmeans_ari", "kmeans_accuracy")
        assert values == pytest.approx(dict.fromkeys(names, 1.0))
    values = Probe()(Evaluation(run))
    assert values == {"logistic_accuracy": 1.0, "knn_accuracy": 1.0}
    beside = Probe().baselines(Evaluation(run))["PCA, 3 components"]
    assert 0.2 < beside["logistic_accuracy"] < 0.99

    rng = np.random.default_rng(1)
    Coded(run, lambda image: np.eye(3)[rng.integers(3)])
    assert Clustering()(Evaluation(run))["kmeans_ari"] == pytest.approx(0, abs=0.05)
    assert Probe()(Evaluation(run))["logistic_accuracy"] < 0.6


def test_the_accuracy_of_clusters_is_that_of_the_best_matching():
    rng = np.random.default_rng(0)
    for _ in range(20):
        labels, clusters = rng.integers(0, 4, (2, 60))
        tried = [np.mean(np.array(way)[clusters] == labels) for way in permutations(range(4))]
        assert matched_accuracy(labels, clusters) == pytest.approx(max(tried))


def test_codes_that_are_the_pixels_are_trusted_and_random_ones_are_not():
    run = split_run(300)
    Coded(run, lambda image: image.ravel())
    for n in (2000, 40):  # up to neighbours at one distance
        assert Trustworthiness(n=n)(Evaluation(run))["trustworthiness"] > 0.9999
    rng = np.random.default_rng(0)
    Coded(run, lambda image: rng.random(3))
    assert Trustworthiness()(Evaluation(run))["trustworthiness"] < 0.6
    Coded(run, lambda image: image[:3, 3, 0])
    evaluation = Evaluation(run)
    pixels = evaluation.target.reshape(100, 64)
    theirs = trustworthiness(pixels, evaluation.codes, n_neighbors=7)
    assert theirs != pytest.approx(trustworthiness(evaluation.codes, pixels, n_neighbors=7), 1e-3)
    assert Trustworthiness(k=7)(evaluation) == {"trustworthiness": theirs}
    with pytest.raises(NotApplicable, match="more than 10 images"):
        Trustworthiness(n=10)(Evaluation(run))


def test_a_wrong_value_of_a_key_is_refused():
    for metric in (Clustering, Probe, Trustworthiness):
        with pytest.raises(BadRequest, match=r"metrics\.n must be"):
            metric(n=1)
