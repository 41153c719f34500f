"""Proofs of what every sampler does: of large codes, the principal components are modelled."""

import numpy as np
from scipy import stats

from aecli.proofs.base import close, proof, same
from aecli.samplers.gmm import GMM

UNITS = 130  # of a code; 128 are modelled


def _codes() -> np.ndarray:
    """[300, 130] in 3 directions of its own, and a little noise: more units than are modelled."""
    rng = np.random.default_rng(0)
    ways = np.linalg.qr(rng.normal(size=(UNITS, 3)))[0].T * [[3.0], [2.0], [1.0]]
    noise = 1e-3 * rng.normal(size=(300, UNITS))
    return rng.normal(size=(300, 3)) @ ways + noise + 5


@proof("codes of more units than are modelled: the share of variance, moments of the draws")
def components():
    codes = _codes()
    fitted = GMM(components=1).fit(codes.reshape(300, 2, -1))
    values = np.linalg.eigvalsh(np.cov(codes.T))[::-1]
    share = values[:128].sum() / values.sum()
    yield close(float(fitted.numbers["share"]), share, atol=1e-6)
    drawn = fitted.sample(4000, seed=0).reshape(4000, -1)
    yield close(drawn.mean(0), codes.mean(0), atol=0.2)
    yield close(np.trace(np.cov(drawn.T)), values.sum(), rtol=0.1)
    yield same(fitted.numbers["axes"].shape, (128, UNITS))


@proof("density of the components = that of the Gaussian about their centre")
def density():
    codes = _codes()
    fitted = GMM(components=1).fit(codes)
    center, axes = fitted.numbers["center"], fitted.numbers["axes"]
    flat = (codes - codes.mean(0)) @ axes.T
    yield close(center, codes.mean(0), atol=1e-8)
    mean, root = fitted.numbers["means"][0], fitted.numbers["roots"][0]
    law = stats.multivariate_normal(mean, root @ root.T, allow_singular=True)
    yield close(fitted.log_prob(codes[:20]), law.logpdf(flat[:20]), rtol=1e-3, atol=0.1)


@proof("codes and grid codes = the same density, flattened")
def flattened():
    codes = np.random.default_rng(0).normal(size=(200, 4))
    flat, of_grid = (GMM(components=2).fit(codes.reshape(200, *s)) for s in ((4,), (2, 2)))
    yield same([float(flat.numbers[name]) for name in ("rows", "share")], [200, 1])
    known = flat.log_prob(codes)
    yield same(of_grid.log_prob(codes.reshape(200, 2, 2)), known)
    yield same(of_grid.sample(9, 0).reshape(9, 4), flat.sample(9, 0))
