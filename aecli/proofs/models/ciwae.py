"""Proofs of CIWAE: a mean of two bounds of the same draws."""

import numpy as np

from aecli.models.ciwae import CIWAE
from aecli.models.iwae import IWAE
from aecli.models.vae import VAE
from aecli.proofs import cases
from aecli.proofs.base import close, proof
from aecli.proofs.oracle import linear_gaussian

K = 4


def _found(kind, **settings):
    model = cases.made(kind, 0.2, k=K, **settings)
    return cases.loss_and_gradients(model, cases.batch_of(model, cases.images(6)))


@proof("elbo_weight 0 = the IWAE, loss and gradient")
def none_of_the_elbo_is_the_iwae():
    (loss, gradients), (known, theirs) = _found(CIWAE, elbo_weight=0.0), _found(IWAE)
    yield close(loss, known, rtol=1e-6)
    for mine, other in zip(gradients, theirs, strict=True):
        yield close(mine, other, rtol=1e-5, atol=1e-6)


@proof("elbo_weight 1 = the VAE's loss, its KL of the draw, in the mean of k draws")
def all_of_the_elbo_is_the_vae():
    model = cases.made(CIWAE, 0.2, k=K, elbo_weight=1.0, beta=0.7)
    vae = cases.made(VAE, 0.2, beta=0.7)
    x = cases.images(6)
    batch = cases.batch_of(model, x)
    losses = []
    for j in range(K):
        one = batch._replace(draws={"z": batch.draws["z"][:, 0, j]})
        out = vae.forward(one)
        kl = out["log_q"] - vae.log_prior(out["z"])
        losses.append(vae.misfit(x, out["params"]) + 0.7 * kl)
    loss = model.objective(batch, model.forward(batch))[0]
    return close(loss, np.mean(losses, axis=0), rtol=1e-5)


@proof("loss and gradient = elbo_weight of the ELBO's and the rest of the IWAE's")
def between_them_it_is_linear():
    share = 0.3
    (iwae, its), (elbo, others) = (_found(CIWAE, elbo_weight=weight) for weight in (0.0, 1.0))
    loss, gradients = _found(CIWAE, elbo_weight=share)
    yield close(loss, share * elbo + (1 - share) * iwae, rtol=1e-5)
    for found, one, other in zip(gradients, its, others, strict=True):
        yield close(found, share * other + (1 - share) * one, rtol=1e-4, atol=1e-5)


@proof("terms, weighted, = loss; with the true posterior it is -log p(x) whatever the weight")
def the_terms_and_the_oracle():
    model = cases.made(CIWAE, 0.2, k=K, elbo_weight=0.3, beta=0.5)
    score, weights = model.score(cases.images(6)), model.weights_of_penalties()
    parts = score["reconstruction"] + sum(weights[name] * score[name] for name in weights)
    yield close(score["loss"], parts, rtol=1e-5)
    model, x, evidence, _ = linear_gaussian(kind=CIWAE, k=K, elbo_weight=0.3, n=50)
    yield close(-model.score(x)["loss"], evidence, atol=5e-4)
