"""Proofs of the variational autoencoder."""

import numpy as np

from aecli.divergences import gaussian_kl
from aecli.latents.posteriors.iaf import IAF
from aecli.models.batch import Batch
from aecli.models.vae import VAE
from aecli.proofs.base import at_least, close, mean_of, proof, same
from aecli.proofs.cases import batch_of, images, loss_and_gradients, made
from aecli.proofs.oracle import kl_to_truth, linear_gaussian


@proof("ELBO with the true posterior = log p(x) of a linear Gaussian, in the mean")
def evidence():
    """The KL is taken in closed form, so that the equality is one in the mean over draws."""
    oracle = linear_gaussian()
    return mean_of(-oracle.model.score(oracle.x)["loss"] - oracle.evidence, 0)


@proof("ELBO with a wrong posterior = log p(x) - KL to the true one, in the mean")
def below_the_evidence():
    for errors in ((0.5, 0.0), (0.0, 0.7), (0.0, -0.7)):
        oracle = linear_gaussian(*errors)
        gap = kl_to_truth(oracle, oracle.x)
        yield at_least(gap.mean(), 0.1)
        yield mean_of(-oracle.model.score(oracle.x)["loss"] - oracle.evidence, -gap.mean())


@proof("loss = -log p(x|z) + beta KL, z = mean + scale e stddev, by hand")
def by_hand():
    model, x = made(VAE, 0.3, beta=3.0, epsilon_std=0.5), images(6)
    batch = batch_of(model, x)
    heads = {name: np.asarray(v) for name, v in model.encoder(x).items()}
    z = heads["mean"] + 0.5 * np.exp(0.5 * heads["log_var"]) * batch.draws["z"]
    out = model.forward(batch)
    yield close(out["z"], z, atol=1e-5)
    kl = np.asarray(gaussian_kl(heads["mean"], heads["log_var"]))
    known = np.asarray(model.reconstruction_loss(x, model.params(z))) + 3 * kl
    loss, terms, _ = model.objective(batch, out)
    yield close(terms["kl"], kl, rtol=1e-5)
    yield close(loss, known, rtol=1e-5)
    yield close(model.encode(x), heads["mean"], atol=1e-6)


@proof("weight of the KL = beta, in a warm-up the part of it that has risen")
def warm_up():
    model = made(VAE, beta=4.0, warmup_epochs=10.0)
    for epochs, weight in ((0.0, 0.0), (5.0, 2.0), (10.0, 4.0), (50.0, 4.0), (None, 4.0)):
        yield close(model.weight_at(epochs), weight, atol=1e-6)


@proof("KL of a draw where none is closed = log q(z|x) - log p(z)")
def kl_of_a_draw():
    model, x = made(VAE, 0.3, posterior=IAF(widths=[5], context=2)), images(6)
    out = model.infer(batch_of(model, x))
    log_p = -0.5 * (np.square(out["z"]) + np.log(2 * np.pi)).sum(1)
    yield close(model.kl(out), np.asarray(out["log_q"]) - log_p, rtol=1e-4, atol=1e-5)
    yield same(float(model.kl_of_units(x) is None), 1)


@proof("KL of each unit, summed = the KL term")
def units():
    model, x = made(VAE, 0.3), images(6)
    known = model.score(x)["kl"]
    yield close(model.kl_of_units(x).sum(1), known, rtol=1e-5)
    heads = model.infer(Batch(x, x))
    yield close(model.kl(heads), known, rtol=1e-5)


@proof("beta 0 without draws: nothing moves the log variance; samples are of their seed")
def no_weight():
    model, x = made(VAE, 0.3, beta=0.0, epsilon_std=0.0), images(6)
    gradients = dict(
        zip(
            [v.path for v in model.trainable_variables],
            loss_and_gradients(model, batch_of(model, x))[1],
            strict=True,
        )
    )
    still = [g for path, g in gradients.items() if path.startswith("log_var")]
    yield same(len(still), 2)
    yield same(sum(g is not None and np.any(g) for g in still), 0)
    yield same(model.sample(5, 3), model.sample(5, 3))
    yield at_least(np.abs(model.sample(5, 3) - model.sample(5, 4)).max(), 1e-3)
