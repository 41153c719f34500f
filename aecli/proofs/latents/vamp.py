"""Proofs of the VampPrior."""

import numpy as np
from keras import ops
from scipy import stats
from scipy.special import logsumexp

from aecli.latents.priors.vamp import Vamp
from aecli.models.vae import VAE
from aecli.proofs.base import at_least, at_most, close, proof, same
from aecli.proofs.cases import images, made
from aecli.proofs.grids import integrates_and_draws

SHAPE = (2, 2, 1)
INPUTS = np.array([[0.0, 0, 0, 0], [1, 0, 1, 0], [0, 1, 1, 1]], "float32")


def _case(inputs=INPUTS, **settings):
    """A layer, and an encoder of two linear heads, 0 where the image is 0."""
    layer, rng = Vamp(components=3, **settings).layer((2,), SHAPE), np.random.default_rng(4)
    layer.pseudo_inputs.assign(inputs.reshape(3, *SHAPE))
    of_mean, of_log_var = (s * rng.normal(size=(4, 2)).astype("float32") for s in (2.0, 0.5))

    def posterior_at(u):
        flat = ops.reshape(u, (-1, 4))
        return {"mean": flat @ of_mean, "log_var": flat @ of_log_var}

    return layer, posterior_at


@proof("density = the mean of the posteriors at its inputs, which count as in the data's range")
def density():
    """Tomczak & Welling 2018, eq. 9."""
    layer, posterior_at = _case()
    z = 3 * np.random.default_rng(1).normal(size=(40, 2)).astype("float32")
    heads = {name: np.asarray(head) for name, head in posterior_at(INPUTS).items()}
    each = stats.norm.logpdf(z[:, None], heads["mean"], np.exp(0.5 * heads["log_var"])).sum(-1)
    known = logsumexp(each, axis=1) - np.log(3)
    yield close(layer.log_prob(z, posterior_at), known, rtol=1e-4, atol=1e-4)
    beyond, _ = _case(3 * INPUTS - 1)  # -1 and 2 count as 0 and 1
    yield close(beyond.log_prob(z, posterior_at), known, rtol=1e-4, atol=1e-4)
    yield same(beyond.sample(50, 0, posterior_at), layer.sample(50, 0, posterior_at))


@proof("density sums to 1, and the draws have its moments and its entropy")
def draws():
    layer, posterior_at = _case()
    return integrates_and_draws(
        lambda z: layer.log_prob(z, posterior_at),
        lambda n, seed: layer.sample(n, seed, posterior_at),
    )


@proof("each draw takes a component at random, each as often, also of few draws")
def components():
    k = 40
    layer = Vamp(components=k).layer((1,), SHAPE)
    values = np.linspace(0, 1, k, dtype="float32")
    layer.pseudo_inputs.assign(np.tile(values[:, None, None, None], (1, *SHAPE)))

    def posterior_at(u):
        return {"mean": 1000 * u[:, 0, 0], "log_var": 0 * u[:, 0, 0] - 9}

    few, many = (
        np.rint(np.asarray(layer.sample(n, 0, posterior_at))[:, 0] / 1000 * (k - 1))
        for n in (20, 8000)
    )
    yield at_least(few.max(), 21)
    counts = np.bincount(many.astype(int), minlength=k)
    yield at_least(stats.chisquare(counts).pvalue, 1e-3)


@proof("inputs begin at random in the data's range")
def start():
    inputs = np.asarray(Vamp(components=200, low=-3.0, high=2.0).layer((2,), SHAPE).pseudo_inputs)
    yield at_least(inputs.min(), -3)
    yield at_most(inputs.max(), 2)
    yield close(inputs.mean(), -0.5, atol=0.2)
    yield close(inputs.std(), 5 / np.sqrt(12), rtol=0.1)


@proof("one input, the image itself: KL of any draw = 0")
def one_component():
    model, x = made(VAE, 0.2, prior=Vamp(components=1)), images(3)
    model.prior_layer.pseudo_inputs.assign(x[1:2])
    return close(model.score(x)["kl"][1], 0, atol=1e-5)
