"""Proofs of the mixture of Gaussians as a density of codes."""

from typing import Any

import numpy as np
from sklearn.mixture import GaussianMixture

from aecli.proofs.base import at_least, close, mean_of, proof, same
from aecli.proofs.shapes import banana, clusters, grid, mean_and_covariance
from aecli.samplers.gmm import GMM


@proof("density and draws = scikit-learn's mixture of the same codes")
def against_sklearn():
    codes = clusters().astype("float32")
    density = GMM(components=2).fit(codes.reshape(-1, 1, 1, 3))
    floor = 1e-6 * (1e3 * codes).var(axis=0).mean()
    found: Any = GaussianMixture(2, random_state=0, reg_covar=floor)
    found.fit(1e3 * codes.astype("float64"))
    known = found.score_samples(1e3 * codes[:50]) + 3 * np.log(1e3)
    yield close(density.log_prob(codes[:50].reshape(-1, 1, 1, 3)), known, atol=1e-3)
    drawn = 1e3 * density.sample(20_000, seed=1).reshape(-1, 3).astype("float64")
    parts = zip(found.weights_, found.means_, found.covariances_, strict=True)
    for weight, mean, covariance in parts:
        here = (drawn[:, 0] > 7) == (mean[0] > 7)
        yield mean_of(here, weight)
        yield mean_of(drawn[here], mean, 5)
        yield close(np.cov(drawn[here].T), covariance, atol=0.05)
    yield at_least(np.diff(drawn[:, 0] > 7).sum(), 1000)  # mixed, not one after the other


@proof("density sums to 1, and the draws have its moments and its entropy")
def integrates():
    fitted = GMM(components=5).fit(banana(2000))
    points, area = grid((-6, -5), (6, 22))
    log_p = fitted.log_prob(points)
    p = area * np.exp(log_p)
    yield close(p.sum(), 1, atol=0.01)
    drawn = fitted.sample(20_000, seed=1)
    mean, covariance = mean_and_covariance(p, points)
    yield close(drawn.mean(0), mean, atol=0.05)
    yield close(np.cov(drawn.T), covariance, rtol=0.1, atol=0.05)
    yield mean_of(fitted.log_prob(drawn), p @ log_p)
    yield same(fitted.sample(9, seed=1), fitted.sample(9, seed=1))
    yield at_least(np.abs(fitted.sample(9, 1) - fitted.sample(9, 2)).max(), 0.01)


@proof("of one point, that point; dead units stay dead")
def dead():
    yield close(GMM(components=2).fit(np.full((20, 2, 2), 3.0)).sample(5, 0), 3, atol=0.01)
    codes = np.concatenate([clusters(), np.full((2000, 2), 0.5)], axis=1)
    drawn = GMM(components=3).fit(codes).sample(200, seed=0)
    yield close(drawn[:, 3:], 0.5, atol=1e-3 * codes.std())
    yield close(drawn[:, :3].mean(0), codes[:, :3].mean(0), atol=3e-3)


@proof("what a file may hold: shares that sum to 1, roots with a positive diagonal")
def sound():
    sampler = GMM(components=2)
    numbers = sampler.learn(clusters())
    yield same(sampler.is_sound(numbers), 1)
    wrong = ({"weights": 2 * numbers["weights"]}, {"roots": -numbers["roots"]})
    wrong += ({"weights": np.array([1.5, -0.5])},)
    for change in wrong:
        yield same(sampler.is_sound(numbers | change), 0)
    shapes = {name: numbers[name].shape for name in sampler.shapes(3, 2000)}
    yield same(float(shapes == sampler.shapes(3, 2000)), 1)
