"""What disentanglement_lib gets wrong or leaves open: each would fail here."""

import warnings

import numpy as np
import pytest
from represented import SCORES, made

from aecli.metrics.dci import DCI
from aecli.metrics.disentanglement import dci, dependence, factor_vae
from aecli.metrics.disentanglement.explicitness import aurocs
from aecli.metrics.disentanglement.irs import irs
from aecli.metrics.disentanglement.modularity import modularity
from aecli.metrics.explicitness import Explicitness
from aecli.metrics.factor_vae_score import FactorVAEScore
from aecli.quantity import HIGHER, LOWER


def test_a_vote_is_for_the_unit_itself_where_others_before_it_are_dead():
    of = made((4, 4), lambda v: np.stack([0 * v[:, 0], v[:, 0], 0 * v[:, 0], v[:, 1]], axis=1))
    everywhere = of.sample(500, np.random.default_rng(0))[0].var(axis=0)
    found = factor_vae.votes(of, everywhere, everywhere > 0, 100, 16, np.random.default_rng(0))
    assert not found[:, [0, 2]].any()  # an index into the active ones would be 0 and 1
    assert found[0, 1] + found[1, 3] == 100


def test_active_units_are_counted_and_not_summed():
    of = made((4, 4), lambda v: np.stack([9 * v[:, 0], np.full(len(v), 0.1), 0.01 * v[:, 1]], 1))
    assert FactorVAEScore(n=20, n_test=20).score(of)["factor_vae_active"] == 1  # by 0.05
    assert irs(*of.sample(100, np.random.default_rng(0)))[1] == 2
    dead = made((4, 4), lambda v: np.full((len(v), 3), 0.1))  # whose mean is not 0.1 to the bit
    for metric in (FactorVAEScore(n=20, n_test=20, threshold=0.0), SCORES["irs"][0]):
        assert set(metric.score(dead).values()) == {0}


def test_forty_values_stay_forty():
    values = np.random.default_rng(0).integers(0, 40, (4000, 2))
    codes = np.stack([values[:, 0] % 2, values[:, 1] % 2], axis=1).astype("float64")
    assert irs(codes, values)[0] == 1  # in 20 bins, two values each, it is 0


def test_modularity_of_a_dead_unit_is_no_division_by_zero():
    information = np.array([[1.0, 0.0], [0.0, 0.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert modularity(information) == 0.5
        assert modularity(information, count_dead=False) == 1
        assert modularity(0 * information) == modularity(0 * information, count_dead=False) == 0


def test_informativeness_is_an_accuracy_and_the_error_an_error():
    of = made((2, 3), lambda v: v)
    for predictor, name, best, better in (
        ("boosted", "dci_informativeness", 1, HIGHER),
        ("lasso", "dci_nrmse", 0, LOWER),
        ("forest", "dci_nrmse", 0, LOWER),
    ):
        figures = DCI(n=200, n_test=100, predictor=predictor).score(of)
        assert figures[name] == pytest.approx(best, abs=0.03)
        assert DCI.about[name].better == better


def test_trees_have_a_seed():
    of = made((3, 3), lambda v: np.sin(9 * v @ np.array([[1.0, 2.0, 3.0], [3.0, 1.0, 2.0]])))
    samples = [of.sample(n, np.random.default_rng(0)) for n in (60, 30)]
    for fit in (
        lambda seed: dci.boosted(*samples, seed)[0],
        lambda seed: dci.regressed(*samples, forest=True, seed=seed)[0],
    ):
        np.testing.assert_array_equal(fit(0), fit(0))
    assert np.any(dci.regressed(*samples, True, 0)[0] != dci.regressed(*samples, True, 1)[0])


def test_perfect_importances_score_1_to_the_bit():
    assert dci.disentanglement(np.eye(4)) == dci.completeness(np.eye(4)) == 1


def test_explicitness_has_a_classifier_for_each_value():
    """A value in the middle is above and below none of a line: an AUROC of 0.5 for it, not of 1."""
    of = made((3, 2), lambda v: v)
    figures = [
        Explicitness(n=600, n_test=600, classifier=way).score(of)["explicitness"]
        for way in ("one_vs_rest", "multinomial")
    ]
    assert figures[0] == pytest.approx(((1 + 0.5 + 1) / 3 + 1) / 2, abs=0.06)
    assert figures[1] == pytest.approx(1, abs=1e-9)
    assert Explicitness().classifier == "one_vs_rest"


def test_explicitness_of_dead_units_and_of_values_that_are_missing():
    of = made((2, 4), lambda v: np.stack([v[:, 0], np.full(len(v), 0.1), v[:, 1]], axis=1))
    train, (codes, values) = of.sample(300, np.random.default_rng(0)), of.sample(
        200, np.random.default_rng(1)
    )  # fmt: skip
    some = values[:, 1] != 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = aurocs(train, (codes[some], values[some]))
    assert np.isfinite(found).all()
    assert found[0] == 1


def test_codes_that_repeat_each_other_have_an_infinite_total_correlation():
    x = np.random.default_rng(0).normal(size=(50, 2))
    twice = np.cov(np.concatenate([x, x[:, :1]], axis=1).T)
    assert dependence.total_correlation(np.array([[1.0, 1.0], [1.0, 1.0]])) == np.inf
    assert dependence.total_correlation(twice) > 15
    assert dependence.wasserstein_correlation(twice) > 0.1
    assert dependence.total_correlation(np.diag([1.0, 4.0])) == pytest.approx(0, abs=1e-12)
    assert dependence.wasserstein_correlation(np.diag([1.0, 4.0])) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("name", SCORES)
def test_the_same_seed_gives_the_same_score(name):
    of = made((3, 3), lambda v: np.sin(5 * v @ np.array([[1.0, 2.0, 3.0], [3.0, 1.0, 2.0]])))
    metric, figure = SCORES[name]
    assert metric.score(of)[figure] == metric.score(of)[figure]
