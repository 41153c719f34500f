"""Proofs of the diagonal Gaussian posterior."""

import numpy as np
from scipy import stats

from aecli.latents.posteriors.gaussian import Gaussian
from aecli.proofs.base import close, proof, same

SHAPE = (4, 3, 2)


def _case():
    rng = np.random.default_rng(0)
    heads = {name: rng.normal(size=SHAPE).astype("float32") for name in ("mean", "log_var")}
    return Gaussian().layer(SHAPE[1:]), heads, rng.normal(size=SHAPE).astype("float32")


@proof("draw = mean + scale e stddev, and its log q = SciPy's, whatever widens it")
def draw():
    layer, heads, e = _case()
    for scale in (1.0, 0.4):
        stddev = scale * np.exp(0.5 * heads["log_var"])
        z, log_q = layer.draw(heads, e, scale)
        yield close(z, heads["mean"] + stddev * e, atol=1e-5)
        known = stats.norm.logpdf(z, heads["mean"], stddev).sum((1, 2))
        yield close(log_q, known, rtol=1e-4)


@proof("density of any code = SciPy's; mode = mean; heads are linear")
def log_prob():
    layer, heads, z = _case()
    known = stats.norm.logpdf(z, heads["mean"], np.exp(0.5 * heads["log_var"])).sum((1, 2))
    yield close(layer.log_prob(z, heads), known, rtol=1e-5)
    yield same(layer.mode(heads), heads["mean"])
    yield same(layer.gaussian(heads), [heads["mean"], heads["log_var"]])
    linear = {"mean": (7, "linear"), "log_var": (7, "linear")}
    yield same(float(Gaussian().heads(7) == linear), 1)
