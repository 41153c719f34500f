"""Proofs of the mixture of Gaussians as a prior."""

from typing import Any

import numpy as np
from scipy import stats
from scipy.special import log_softmax, logsumexp

from aecli.latents.priors.mixture import Mixture
from aecli.proofs.base import at_least, close, proof
from aecli.proofs.grids import integrates_and_draws


def _layer(d: int = 2, k: int = 3, grid: tuple[int, ...] = ()) -> Any:
    """A layer with random weights."""
    layer, rng = Mixture(components=k).layer((*grid, d), (2, 2, 1)), np.random.default_rng(0)
    layer.mean.assign(2.0 * rng.normal(size=layer.mean.shape))
    layer.log_var.assign(0.5 * rng.normal(size=layer.log_var.shape) - 1)
    layer.logits.assign(rng.normal(size=k))
    return layer


@proof("density = that of SciPy's normals, weighted by the softmax of the logits")
def density():
    for grid in ((), (2, 4)):
        layer = _layer(3, 5, grid)
        z = np.random.default_rng(1).normal(size=(20, *grid, 3)).astype("float32") * 2
        flat, mean, log_var = (
            np.reshape(a, (len(a), -1)) for a in (z, layer.mean.numpy(), layer.log_var.numpy())
        )
        each = stats.norm.logpdf(flat[:, None], mean, np.exp(0.5 * log_var)).sum(-1)
        known = logsumexp(each + log_softmax(layer.logits.numpy()), axis=1)
        yield close(layer.log_prob(z, None), known, rtol=1e-4, atol=1e-4)


@proof("density sums to 1, and the draws have its moments and its entropy")
def draws():
    layer = _layer()
    return integrates_and_draws(
        lambda z: layer.log_prob(z, None), lambda n, seed: layer.sample(n, seed, None)
    )


@proof("at the start the components are apart, as far as spread says, and as likely")
def start():
    layer = Mixture(components=400, spread=3.0).layer((2,), (2, 2, 1))
    yield close(np.std(layer.mean), 3, rtol=0.1)
    yield close(np.asarray(layer.log_var), 0)
    yield close(np.asarray(layer.logits), 0)
    yield at_least(np.unique(layer.mean).size, 790)
