"""The codes of a run: each is made once, and who has none is told what has."""

import dataclasses
import types

import numpy as np
import pytest
from figures_run import digits_run

from aecli import build
from aecli.datasets.factors import FactorGrid
from aecli.errors import NotApplicable
from aecli.metrics.base import Evaluation
from aecli.metrics.card import filled
from aecli.metrics.card_tables import Report
from aecli.metrics.dependence import Dependence
from aecli.metrics.disentanglement import of_run
from aecli.metrics.disentanglement.of_run import TRUE, Kept, represented
from aecli.metrics.explicitness import Explicitness
from aecli.metrics.irs import IRS
from aecli.metrics.mig import MIG
from aecli.metrics.pixels import Pixels

SIZES = (3, 4)


def drawn(values: np.ndarray) -> np.ndarray:
    """8x8 uint8: a bar of a place and a brightness."""
    x = np.zeros((len(values), 8, 8, 1), np.uint8)
    for image, (place, bright) in zip(x, values, strict=True):
        image[2 * place : 2 * place + 2] = 50 * (bright + 1)
    return x


@pytest.fixture
def evaluation(compose):
    """evaluation("model=vae") -> an Evaluation of an untrained model on a grid of bars."""

    def found(*words):
        model = build.model(compose(*words), (8, 8, 1), 3)
        splits = types.SimpleNamespace(grid=FactorGrid(("place", "light"), SIZES, drawn))
        other = object.__new__(Evaluation)
        other.run = types.SimpleNamespace(model=model, splits=splits)
        return other

    return found


def test_codes_are_the_encoders_of_what_the_model_is_given(evaluation):
    one = evaluation("model=vae")
    of = represented(one)
    values = np.array([[2, 3], [0, 1], [2, 3]])
    x = drawn(values) / np.float32(255)
    known = one.run.model.encode(x)
    np.testing.assert_allclose(of.codes(values), known, rtol=1e-5, atol=1e-6)
    mean, log_var = of.posterior(values)
    np.testing.assert_allclose(mean, known, rtol=1e-5, atol=1e-6)
    heads = one.run.model.encoder(x)
    np.testing.assert_allclose(log_var, heads["log_var"], rtol=1e-5, atol=1e-6)
    assert represented(one) is of


def test_codes_may_be_draws_from_the_posterior(evaluation):
    one = evaluation("model=vae")
    of = represented(one, "sample")
    values = of.drawn(3000, np.random.default_rng(0))
    mean, log_var = represented(one).posterior(values)
    drawn = (of.codes(values) - mean) / np.exp(0.5 * log_var)
    first = np.unique(values, axis=0, return_index=True)[1]
    assert len(first) == 12
    assert np.ptp(drawn[first], axis=0).min() > 1e-3  # each image has draws of its own
    np.testing.assert_array_equal(of.codes(values), of.codes(values))
    assert MIG(codes="sample", n=2000)(one)["mig"] <= MIG(n=2000)(one)["mig"] + 0.05
    with pytest.raises(NotApplicable, match="take codes=mean"):
        MIG(codes="sample")(evaluation("model=ae"))


@pytest.mark.parametrize("kept", [of_run.KEPT, 0])
def test_what_was_made_is_kept_if_there_is_room(monkeypatch, kept):
    monkeypatch.setattr(of_run, "KEPT", kept)
    monkeypatch.setattr(of_run, "BLOCK", 5)
    blocks = []

    def make(values):
        blocks.append(len(values))
        return np.stack([values[:, 0] * 10 + values[:, 1], values[:, 1]], axis=1)

    codes = Kept(make, SIZES, 2)
    rng = np.random.default_rng(0)
    for _ in range(3):
        values = rng.integers(0, SIZES, (200, 2))
        np.testing.assert_array_equal(codes(values)[:, 0], values[:, 0] * 10 + values[:, 1])
    assert blocks == [5, 5, 2] * (1 if kept else 3)


@pytest.mark.parametrize(
    ("words", "change", "said"),
    [
        (["model=vae"], {"grid": None}, "dataset=dsprites, solids or glyphs"),
        (["model=cvae"], {}, "told its label"),
        (["model=vae", "model.latent_dim=1"], {}, "2 to 256 units: this one has 1"),
        (["model=ae", "model.latent_dim=300"], {}, "this one has 300"),
    ],
)
def test_who_has_no_such_codes_is_told(evaluation, words, change, said):
    one = evaluation(*words)
    vars(one.run.splits).update(change)
    with pytest.raises(NotApplicable, match=said):
        MIG(n=10)(one)


def test_a_posterior_is_asked_of_those_that_have_one(evaluation):
    for words in (["model=ae"], ["model=hvae"], ["model=ladder_vae"]):
        one = evaluation(*words)
        with pytest.raises(NotApplicable, match="estimator=bins"):
            MIG(estimator="posterior", n=10)(one)
    one = evaluation("model=vae")
    assert 0 <= MIG(estimator="posterior", n=50, n_given=20)(one)["mig"] <= 1


def test_the_ceiling_stands_beside_it_and_notes_are_said_once(evaluation):
    one = evaluation("model=vae")
    one.split, one.target = "test", np.zeros(1)
    one.run.spec = digits_run(10).spec
    card = filled(one, {"irs": IRS(n=200), "mig": MIG(n=2000)}, strict=True)
    assert set(card.sections) == {"disentanglement"}
    assert card.baselines[TRUE]["irs"] == 1
    assert card.baselines[TRUE]["mig"] == pytest.approx(1, abs=0.02)
    assert 0 <= card.sections["disentanglement"]["mig"] <= 1
    (note,) = card.notes["disentanglement"]
    assert "place 3, light 4" in note
    assert card.quantity("mig").better == "higher"


def test_metrics_that_lack_the_same_thing_share_a_line():
    run = digits_run(20)
    run.splits = dataclasses.replace(run.splits, grid=None)
    metrics = {"pixels": Pixels(), "mig": MIG(), "irs": IRS(), "explicitness": Explicitness()}
    report = Report(run, filled(Evaluation(run), metrics))
    (line,) = report.absent
    assert line.startswith("not applicable: mig, irs, explicitness: needs data with known factors")


def test_dependence_is_of_any_images():
    run = digits_run(300)
    figures = Dependence()(Evaluation(run))
    assert figures["gaussian_total_correlation"] == pytest.approx(0, abs=1e-4)  # it is PCA
    assert figures["gaussian_wasserstein_correlation_norm"] == pytest.approx(0, abs=1e-4)
    assert 0 < figures["code_information"] < 3
    (name,) = Dependence().baselines(Evaluation(run))
    assert name.startswith("PCA")
