"""Each score against a second way to it, from its definition: loops, counts and SciPy."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
import scipy.linalg
from represented import made
from scipy import optimize

from aecli.metrics.disentanglement import beta_vae, dci, dependence, factor_vae, mig, sap
from aecli.metrics.disentanglement.explicitness import aurocs
from aecli.metrics.disentanglement.irs import irs
from aecli.metrics.disentanglement.modularity import modularity
from aecli.metrics.disentanglement.mutual_information import (
    discretised,
    entropy,
    mutual_information,
)

EXACT = {"rel": 1e-6, "abs": 1e-9}
RNG = np.random.default_rng(3)
VALUES = RNG.integers(0, (2, 3, 4), (90, 3))
CODES = VALUES @ RNG.normal(size=(3, 3)) + 0.6 * RNG.normal(size=(90, 3))
CODES = np.concatenate([CODES, np.full((90, 1), 0.1)], axis=1)  # and one that is dead
PARTS = ((CODES[:60], VALUES[:60]), (CODES[60:], VALUES[60:]))
MIXED = made((2, 3, 4), lambda v: np.stack([v[:, 0] + v[:, 1], v[:, 1], v[:, 2], 0.5 * v[:, 2]], 1))


def entropy_of(items) -> float:
    counts = Counter(items)
    n = sum(counts.values())
    return -sum(c / n * math.log(c / n) for c in counts.values())


def information_of(a, b) -> float:
    return entropy_of(a) + entropy_of(b) - entropy_of(zip(a, b, strict=True))


def table(f, rows, columns) -> np.ndarray:
    return np.array([[f(list(a), list(b)) for b in columns.T] for a in rows.T])


def test_bins_are_equally_wide_and_cover_a_codes_own_range():
    found = discretised(CODES, bins=7)
    for column, numbers in zip(CODES.T, found.T, strict=True):
        low, high = min(column), max(column)
        for x, number in zip(column, numbers, strict=True):
            known = min(math.floor(7 * (x - low) / (high - low)), 6) if high > low else number
            assert number == known
    assert len(set(found[:, 3])) == 1
    assert [list(discretised(np.array([[0.0], [1.0], [2.0], [4.0]]), 4)[:, 0])] == [[0, 1, 2, 3]]


def test_entropy_and_information_are_counted():
    binned = discretised(CODES, 5)
    assert entropy(VALUES) == pytest.approx([entropy_of(c) for c in VALUES.T.tolist()], **EXACT)
    known = table(information_of, binned, VALUES)
    np.testing.assert_allclose(mutual_information(binned, VALUES), known, rtol=1e-6, atol=1e-9)
    assert not mutual_information(binned, VALUES)[3].any()  # to the bit


def test_mig_is_the_gap_of_the_two_best():
    information = table(information_of, discretised(CODES, 5), VALUES)
    for k, gap in enumerate(mig.gaps(information, entropy(VALUES))):
        first, second, *_ = sorted(information[:, k], reverse=True)
        assert gap == pytest.approx((first - second) / entropy_of(VALUES[:, k]), **EXACT)


def test_information_by_the_aggregate_posterior():
    of = made((2, 3), lambda v: np.stack([v[:, 0], v[:, 0] + 0.3 * v[:, 1], v[:, 1]], axis=1))

    def posterior(values):
        mean = of.codes(values)
        return mean, -2.0 + 0.5 * mean

    def known(values, rng):
        mean, log_var = posterior(values)
        z = mean + np.exp(log_var / 2) * rng.standard_normal(mean.shape)
        total = np.zeros(mean.shape[1])
        for i, d in itertools.product(range(len(z)), range(mean.shape[1])):
            density = sum(
                math.exp(-((z[i, d] - m) ** 2) / (2 * math.exp(v)) - v / 2)
                for m, v in zip(mean[:, d], log_var[:, d], strict=True)
            )
            total[d] -= math.log(density / math.sqrt(2 * math.pi) / len(z)) / len(z)
        return total

    of = type(of)(of.names, of.sizes, of.codes, posterior)
    found = mig.posterior_information(of, 40, 25, np.random.default_rng(5))
    rng = np.random.default_rng(5)
    marginal = known(of.drawn(40, rng), rng)
    for k, size in enumerate(of.sizes):
        given = []
        for value in range(size):
            values = of.drawn(25, rng)
            values[:, k] = value
            given.append(known(values, rng))
        expected = [
            max(0, m - np.mean(g)) for m, g in zip(marginal, np.transpose(given), strict=True)
        ]
        np.testing.assert_allclose(found[:, k], expected, rtol=1e-6, atol=1e-9)


def test_information_by_the_aggregate_posterior_of_known_channels():
    """A factor of 4 values told by Gaussians far apart is log 4 nats; nothing is 0."""
    of = made((4, 2), lambda v: np.stack([20 * v[:, 0], 0 * v[:, 0]], axis=1))
    found = mig.posterior_information(of, 2000, 500, np.random.default_rng(0))
    assert found[0, 0] == pytest.approx(math.log(4), abs=0.05)
    assert found[[0, 1, 1], [1, 0, 1]] == pytest.approx(np.zeros(3), abs=0.05)


def machine(x, y, at) -> np.ndarray:
    """The classes that one-against-the-rest machines on one number give, by minimising."""
    classes = np.unique(y)
    weights = {c: len(y) / (len(classes) * np.sum(y == c)) for c in classes}
    scores = []
    for c in classes:
        sign = np.where(y == c, 1.0, -1.0)
        rest = len(y) / (2 * np.sum(sign < 0)), len(y) / (2 * np.sum(sign > 0))
        weight = np.where(sign > 0, weights[c], 1.0) if len(classes) > 2 else None
        if weight is None:
            weight = np.where(sign > 0, rest[1], rest[0])

        def cost(p, sign=sign, weight=weight):
            slack = np.maximum(0, 1 - sign * (p[0] * x + p[1]))
            return 0.5 * p @ p + 0.01 * (weight * slack**2).sum()

        w, b = optimize.minimize(cost, np.zeros(2), tol=1e-12).x
        scores.append(w * at + b)
    return classes[np.argmax(scores, axis=0)]


@pytest.mark.parametrize("scaled", [False, True])
def test_sap_is_of_linear_machines_on_one_code(scaled):
    (x, y), (at, known) = PARTS
    found = sap.accuracies(*PARTS, scaled)
    for d, k in itertools.product(range(3), range(3)):
        mean, spread = (x[:, d].mean(), x[:, d].std()) if scaled else (0, 1)
        told = machine((x[:, d] - mean) / spread, y[:, k], (at[:, d] - mean) / spread)
        assert found[d, k] == pytest.approx(np.mean(told == known[:, k]), **EXACT)
    first, second = np.sort(found, axis=0)[[-1, -2]]
    assert sap.gaps(found) == pytest.approx(first - second, **EXACT)


def test_sap_of_continuous_factors_is_the_squared_correlation():
    found = sap.explained(CODES, VALUES)
    for d, k in itertools.product(range(3), range(3)):
        known = np.corrcoef(CODES[:, d], VALUES[:, k])[0, 1] ** 2
        assert found[d, k] == pytest.approx(known, **EXACT)
    assert not found[3].any()


def test_differences_of_pairs_that_share_a_factor():
    x, fixed = beta_vae.differences(MIXED, 12, 5, np.random.default_rng(0))
    rng = np.random.default_rng(0)
    assert list(fixed) == list(rng.integers(0, 3, 12))
    one, other = MIXED.drawn(60, rng), MIXED.drawn(60, rng)
    for i in range(12):
        total = 0
        for j in range(5 * i, 5 * i + 5):
            pair = other[j].copy()
            pair[fixed[i]] = one[j][fixed[i]]
            total = total + abs(MIXED.codes(one[[j]])[0] - MIXED.codes(pair[None])[0])
        np.testing.assert_allclose(x[i], total / 5, rtol=1e-6)


def softmax_regression(x, y, at):
    classes = np.unique(y)
    shape = (x.shape[1] + 1, len(classes))

    def cost(p):
        w = p.reshape(shape)
        scores = x @ w[:-1] + w[-1]
        scores = scores - scores.max(1, keepdims=True)
        log_p = scores - np.log(np.exp(scores).sum(1, keepdims=True))
        return (
            -log_p[np.arange(len(y)), np.searchsorted(classes, y)].sum() + 0.5 * (w[:-1] ** 2).sum()
        )

    w = optimize.minimize(cost, np.zeros(shape).ravel(), tol=1e-9).x.reshape(shape)
    return classes[np.argmax(at @ w[:-1] + w[-1], axis=1)]


def test_beta_vae_score_is_of_logistic_regression():
    rng = np.random.default_rng(1)
    train, test = (beta_vae.differences(MIXED, n, 3, rng) for n in (60, 200))
    known = np.mean(softmax_regression(*train, test[0]) == test[1])
    assert beta_vae.score(train, test) == pytest.approx(known, **EXACT)
    assert 0.4 < known < 1


def test_factor_vae_votes_are_for_the_code_that_varies_least():
    everywhere, active = np.array([1.0, 2.0, 0.5, 0.3]), np.array([True, False, True, True])
    found = factor_vae.votes(MIXED, everywhere, active, 30, 4, np.random.default_rng(2))
    rng = np.random.default_rng(2)
    fixed = rng.integers(0, 3, 30)
    values = MIXED.drawn(120, rng).reshape(30, 4, 3)
    known = np.zeros((3, 4))
    for group, factor in zip(values, fixed, strict=True):
        group[:, factor] = group[0, factor]
        ratios = {}
        for d in (0, 2, 3):
            z = MIXED.codes(group)[:, d]
            ratios[d] = sum((a - sum(z) / 4) ** 2 for a in z) / 3 / everywhere[d]
        known[factor, min(ratios, key=lambda d: ratios[d])] += 1
    np.testing.assert_array_equal(found, known)


def test_factor_vae_accuracy_is_of_the_majority():
    train, test = np.array([[5, 1, 0], [2, 7, 0]]), np.array([[3, 4, 1], [1, 6, 5]])
    assert factor_vae.accuracy(train, test) == pytest.approx((3 + 6 + 1) / 20, **EXACT)


def pure(row) -> float:
    shares = [r / sum(row) for r in row]
    return 1 + sum(p * math.log(p) for p in shares if p > 0) / math.log(len(row))


def test_dci_is_by_entropies_of_importances():
    importances = np.array([[3.0, 1, 0], [0, 2, 2], [0.5, 0, 0], [0, 0, 0]])
    weights = importances.sum(1) / importances.sum()
    known = sum(w * pure(row) for w, row in zip(weights[:3], importances[:3], strict=True))
    assert dci.disentanglement(importances) == pytest.approx(known, **EXACT)
    known = np.mean([pure(column) for column in importances.T])
    assert dci.completeness(importances) == pytest.approx(known, **EXACT)
    assert dci.disentanglement(0 * importances) == dci.completeness(0 * importances) == 0


def test_dci_by_lasso_is_its_minimum():
    (x, y), (at, known) = PARTS
    importances, error = dci.regressed(*PARTS, forest=False)
    mean, spread = x.mean(0), np.where(x.std(0) > 1e-9, x.std(0), 1)
    x, at = (x - mean) / spread, (at - mean) / spread
    errors = []
    for k in range(3):
        target, truth = ((a - y[:, k].mean()) / y[:, k].std() for a in (y[:, k], known[:, k]))
        w = np.zeros(4)
        for _ in range(2000):
            for d in range(3):
                left = target - x @ w + x[:, d] * w[d]
                slope = x[:, d] @ left / len(x)
                w[d] = math.copysign(max(abs(slope) - 0.02, 0), slope) / (
                    x[:, d] @ x[:, d] / len(x)
                )
        np.testing.assert_allclose(importances[:, k], abs(w), atol=1e-3)
        errors.append(math.sqrt(np.mean((at @ w - truth) ** 2)) / np.std(truth))
    assert error == pytest.approx(np.mean(errors), abs=1e-3)


def test_modularity_is_the_share_of_the_other_factors():
    information = np.array([[0.9, 0.3, 0.2], [0.0, 0.5, 0.5], [0.0, 0.0, 0.0]])
    first = 1 - (0.3**2 + 0.2**2) / (0.9**2 * 2)
    assert modularity(information) == pytest.approx((first + 0.5) / 3, **EXACT)
    assert modularity(information, count_dead=False) == pytest.approx((first + 0.5) / 2, **EXACT)


def test_explicitness_counts_pairs_in_the_right_order():
    (x, y), (at, known) = PARTS
    found = aurocs(*PARTS)
    mean, spread = x.mean(0), np.where(x.std(0) > 1e-9, x.std(0), 1)
    x, at = (x - mean) / spread, (at - mean) / spread
    for k in range(3):
        areas = []
        for value in np.unique(y[:, k]):
            sign = np.where(y[:, k] == value, 1, -1)

            def cost(p, sign=sign):
                return np.logaddexp(0, -sign * (x @ p[:-1] + p[-1])).sum() + 0.5 * p[:-1] @ p[:-1]

            score = at @ optimize.minimize(cost, np.zeros(5), tol=1e-10).x[:-1]
            is_it = known[:, k] == value
            pairs = [(a > b) + (a == b) / 2 for a in score[is_it] for b in score[~is_it]]
            areas.append(np.mean(pairs))
        assert found[k] == pytest.approx(np.mean(areas), abs=0.003)  # a pair of 200 may swap


def quantile_of(numbers, q) -> float:
    numbers = sorted(numbers)
    place = q * (len(numbers) - 1)
    low = math.floor(place)
    high = min(low + 1, len(numbers) - 1)
    return numbers[low] + (place - low) * (numbers[high] - numbers[low])


@pytest.mark.parametrize("q", [0.9, 1.0])
def test_irs_is_by_deviations_from_means(q):
    scores, largest = [], []
    for d in range(3):
        z = CODES[:, d]
        largest.append(max(abs(z - np.mean(z))))
        robust = []
        for k in range(3):
            found = []
            for value in set(VALUES[:, k].tolist()):
                some = z[VALUES[:, k] == value]
                found.append(quantile_of(abs(some - sum(some) / len(some)), q))
            robust.append(1 - sum(found) / len(found) / largest[-1])
        scores.append(max(robust))
    known = sum(s * w for s, w in zip(scores, largest, strict=True)) / sum(largest)
    score, active = irs(CODES, VALUES, q)
    assert (score, active) == (pytest.approx(known, **EXACT), 3)


def test_dependence_is_that_of_two_gaussians():
    covariance = np.cov(CODES[:, :3].T)
    apart = np.diag(np.diag(covariance))
    ratio = np.linalg.inv(apart) @ covariance
    known = 0.5 * (np.trace(ratio) - 3 - math.log(np.linalg.det(ratio)))
    assert dependence.total_correlation(covariance) == pytest.approx(known, **EXACT)
    root = scipy.linalg.sqrtm(apart)
    cross = scipy.linalg.sqrtm(root @ covariance @ root)
    known = np.trace(covariance + apart - 2 * cross).real
    assert dependence.wasserstein_correlation(covariance) == pytest.approx(known, **EXACT)
    binned = discretised(CODES[:, :3], 6).T.tolist()
    known = np.mean([information_of(a, b) for a, b in itertools.permutations(binned, 2)])
    assert dependence.information_between(CODES[:, :3], 6) == pytest.approx(known, **EXACT)


def test_a_gain_that_is_rounded_below_zero_counts_for_nothing():
    """As scikit-learn's trees give it for a factor that one unit tells exactly."""
    importances = np.array([[1.0, -1e-18], [0.0, 1.0]])
    assert dci.disentanglement(importances) == 1
    assert dci.completeness(importances) == 1
