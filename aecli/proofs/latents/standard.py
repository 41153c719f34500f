"""Proofs of the standard normal prior."""

from typing import Any

import numpy as np
from scipy import stats

from aecli.divergences import gaussian_kl_of_units
from aecli.latents.priors.standard import Standard
from aecli.proofs.base import at_least, close, mean_of, proof, same


def _layer() -> Any:
    return Standard().layer((3,), (2, 2, 1))


@proof("density and quantiles = SciPy's; KL of units = the closed form")
def density():
    layer, rng = _layer(), np.random.default_rng(0)
    z, log_var = rng.normal(size=(2, 9, 3)).astype("float32")
    yield close(layer.log_prob(z, None), stats.norm.logpdf(z).sum(1), rtol=1e-5)
    p = np.array([[0.05, 0.3], [0.5, 0.99]])
    yield close(stats.norm.cdf(layer.quantiles(p)), p, atol=1e-9)
    yield same(layer.kl_of_gaussian(z, log_var), np.asarray(gaussian_kl_of_units(z, log_var)))


@proof("draws are standard normal, the same for a seed and others for another")
def draws():
    layer = _layer()
    z = np.asarray(layer.sample(20_000, 0, None))
    yield mean_of(z, 0)
    yield mean_of(np.square(z), 1)
    yield mean_of(z[:, :1] * z[:, 1:], 0)
    yield at_least(stats.kstest(z.ravel(), "norm").pvalue, 1e-3)
    yield same(layer.sample(5, 3, None), np.asarray(layer.sample(5, 3, None)))
    yield at_least(np.abs(layer.sample(5, 3, None) - layer.sample(5, 4, None)).max(), 0.1)
